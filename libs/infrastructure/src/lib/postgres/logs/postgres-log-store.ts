import { runUuid } from '@taskrunner/core/foundation';
import { SealableLogStore } from '@taskrunner/core/ports';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { LogChunk, NumberedChunk } from '@taskrunner/core/ports';
import { CHUNK_APPEND_LIMITS, ChunkAppends } from './chunk-appends';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface NumberedRow {
  readonly first_line: number;
  readonly lines: number;
  readonly step: string;
  readonly attempt: number | null;
  readonly execution: number;
  readonly chunk: number;
  readonly at_ms: number;
  readonly data: Buffer;
}

/** Chunks as rows. Chunks that the journal has not numbered are not returned. */
export class PostgresLogStore extends SealableLogStore {
  private readonly appends: ChunkAppends;
  private readonly assignedAppends: ChunkAppends;
  private readonly readStatement = statement('read-chunks');
  private readonly bytesStatement = statement('read-chunk-bytes');

  constructor(private readonly queries: Queries) {
    super();
    this.appends = new ChunkAppends(queries);
    this.assignedAppends = new ChunkAppends(queries, CHUNK_APPEND_LIMITS, true);
  }

  append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    // One execution appends at a time: either all of its chunks are assigned, or none.
    const isAssigned = chunks[0]?.assignment !== undefined;
    return (isAssigned ? this.assignedAppends : this.appends).append(chunks);
  }

  async read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]> {
    const rows = await withRetry(() =>
      this.queries.inTenant<NumberedRow>(tenant, this.readStatement, [tenant, runUuid(run), afterLine, limit]),
    );
    return rows.map((row) => ({
      firstLine: row.first_line,
      lines: row.lines,
      step: row.step,
      attempt: row.attempt,
      execution: row.execution,
      chunk: row.chunk,
      at: row.at_ms,
      data: plain(row.data),
    }));
  }

  async bytes(
    tenant: TenantId,
    run: RunId,
    { step, execution }: { readonly step: string; readonly execution: number },
    first: number,
    last: number,
  ): Promise<readonly Uint8Array[]> {
    const values = [tenant, runUuid(run), step, execution, first, last];
    const rows = await withRetry(() =>
      this.queries.inTenant<Pick<NumberedRow, 'data'>>(tenant, this.bytesStatement, values),
    );
    return rows.map(({ data }) => plain(data));
  }
}

function plain(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}
