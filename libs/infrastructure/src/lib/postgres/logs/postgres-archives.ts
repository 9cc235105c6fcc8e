import { isJsonObject, runUuid } from '@taskrunner/core/foundation';
import { Archives } from '@taskrunner/core/ports';
import type { ArchivedChunk, BundlePart } from '@taskrunner/core/evidence';
import type { Digest, Json, RunId, TenantId } from '@taskrunner/core/foundation';
import { DocumentAltered } from '@taskrunner/core/stored';
import { toDigest } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface ArchiveRow {
  readonly bundle: Digest;
  readonly journal_offset: number;
  readonly journal_size: number;
  readonly journal_sha256: Buffer;
}

/** Positions of journal and log of sealed runs in their bundles, as written by the seal. */
export class PostgresArchives extends Archives {
  private readonly findStatement = statement('find-archive');
  private readonly chunksStatement = statement('read-archived-chunks');

  constructor(private readonly queries: Queries) {
    super();
  }

  async chunks(
    tenant: TenantId,
    run: RunId,
    afterLine: number,
  ): Promise<{ readonly bundle: Digest; readonly chunks: readonly ArchivedChunk[] } | null> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<{ bundle: Digest; chunks: Json }>(tenant, this.chunksStatement, [
        tenant,
        runUuid(run),
        afterLine,
      ]),
    );
    if (!row) return null;
    const listed: unknown = row.chunks ?? [];
    if (!isChunkList(listed)) throw alteredChunks(tenant, run);
    const chunks = listed.filter(({ firstLine, lines }) => firstLine + lines - 1 > afterLine);
    return { bundle: row.bundle, chunks };
  }

  async journal(tenant: TenantId, run: RunId): Promise<{ readonly bundle: Digest; readonly part: BundlePart } | null> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<ArchiveRow>(tenant, this.findStatement, [tenant, runUuid(run)]),
    );
    if (!row) return null;
    const { bundle, journal_offset: offset, journal_size: size, journal_sha256: sha256 } = row;
    return { bundle, part: { offset, size, sha256: toDigest(sha256) } };
  }
}

/** Lines of a chunk: more than a step can write into one. */
const MOST_LINES = 1_048_576;

/** True if a row has the members of chunks. Their places are compared where they are read, and all else with the journal. */
function isChunkList(list: unknown): list is readonly ArchivedChunk[] {
  return Array.isArray(list) && list.every((one) => isChunk(one as Json));
}

function isChunk(chunk: Json): boolean {
  if (!isJsonObject(chunk)) return false;
  const { firstLine, lines, step, attempt = null, execution, chunk: number, part = null } = chunk;
  const numbers = [firstLine, lines, execution, number, attempt ?? 0].every((one) => Number.isSafeInteger(one));
  if (!numbers || typeof step !== 'string' || !step.isWellFormed() || (part !== null && !isJsonObject(part)))
    return false;
  return (lines as number) > 0 && (lines as number) <= MOST_LINES;
}

function alteredChunks(tenant: TenantId, runId: RunId): DocumentAltered {
  const finding = { what: 'the places of the log in the bundle', expected: 'a list of chunks', found: 'another' };
  return new DocumentAltered({ tenant, runId, document: 'log', ...finding });
}
