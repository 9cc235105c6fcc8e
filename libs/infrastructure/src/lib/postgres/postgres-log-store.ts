import { LogStore, runUuid } from '@taskrunner/core';
import type { LogChunk, NumberedChunk, RunId, TenantId } from '@taskrunner/core';
import { ChunkAppends } from './chunk-appends';
import { digestBytes } from './digest-bytes';
import type { Queries } from './queries';
import { patiently } from './retry';
import { statement } from './statement';

interface NumberedRow {
  readonly first_line: number;
  readonly lines: number;
  readonly step: string;
  readonly execution: number;
  readonly chunk: number;
  readonly at_ms: number;
  readonly data: Buffer;
}

/** Chunks as rows. What the journal has not numbered is not read. */
export class PostgresLogStore extends LogStore {
  private readonly appends: ChunkAppends;
  private readonly appendLentStatement = statement('append-lent-chunks');
  private readonly readStatement = statement('read-chunks');

  constructor(private readonly queries: Queries) {
    super();
    this.appends = new ChunkAppends(queries);
  }

  async append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    if (chunks.some(({ assignment }) => assignment !== undefined)) return this.appendLent(chunks);
    return this.appends.append(chunks);
  }

  private async appendLent(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    const column = <Cell>(cell: (chunk: LogChunk) => Cell): Cell[] => chunks.map(cell);
    const rows = await patiently(() =>
      this.queries.across<{ i: number }>(this.appendLentStatement, [
        column(({ tenant }) => tenant),
        column(({ runId }) => runUuid(runId)),
        column(({ assignment }) => assignment ?? ''),
        column(({ fence }) => fence),
        column(({ step }) => step),
        column(({ execution }) => execution),
        column(({ chunk }) => chunk),
        column(({ at }) => at),
        column(({ data }) => Buffer.from(data)),
        column(({ lines }) => lines),
        column(({ sha256 }) => digestBytes(sha256)),
      ]),
    );
    const held = new Set(rows.map(({ i }) => i - 1));
    return chunks.map((_, index) => held.has(index));
  }

  async read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]> {
    const rows = await patiently(() =>
      this.queries.within<NumberedRow>(tenant, this.readStatement, [tenant, runUuid(run), afterLine, limit]),
    );
    return rows.map((row) => ({
      firstLine: row.first_line,
      lines: row.lines,
      step: row.step,
      execution: row.execution,
      chunk: row.chunk,
      at: row.at_ms,
      data: new Uint8Array(row.data.buffer, row.data.byteOffset, row.data.length),
    }));
  }
}
