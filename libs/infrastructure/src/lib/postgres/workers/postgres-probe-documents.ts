import type { Digest } from '@taskrunner/core/foundation';
import { ProbeDocuments } from '@taskrunner/core/ports';
import { digestBytes, toDigest } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Probe documents in a table of the worker's role. */
export class PostgresProbeDocuments extends ProbeDocuments {
  private readonly keepStatement = statement('keep-probe-documents');
  private readonly findStatement = statement('find-probe-documents');

  constructor(private readonly queries: Queries) {
    super();
  }

  async keep(documents: ReadonlyMap<Digest, string>): Promise<void> {
    const values = [[...documents.keys()].map(digestBytes), [...documents.values()]];
    await withRetry(() => this.queries.across(this.keepStatement, values));
  }

  async find(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>> {
    if (digests.length === 0) return new Map();
    const ask = () =>
      this.queries.across<{ digest: Buffer; document: string }>(this.findStatement, [digests.map(digestBytes)]);
    const rows = await withRetry(ask);
    return new Map(rows.map(({ digest, document }) => [toDigest(digest), document]));
  }
}
