import type { RunId, TenantId } from '@taskrunner/core/foundation';
import { LogStore, type LogChunk, type NumberedChunk } from '@taskrunner/core/ports';
import type { Metrics } from './metrics';

/** Counts stored bytes and lines of steps. */
export class WatchedLogStore extends LogStore {
  constructor(
    private readonly inner: LogStore,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    const held = await this.inner.append(chunks);
    const stored = chunks.filter((_, index) => held[index]);
    this.metrics.add(
      'taskrunner_log_bytes_total',
      stored.reduce((sum, { data }) => sum + data.length, 0),
    );
    this.metrics.add(
      'taskrunner_log_lines_total',
      stored.reduce((sum, { lines }) => sum + lines, 0),
    );
    return held;
  }

  read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]> {
    return this.inner.read(tenant, run, afterLine, limit);
  }
}
