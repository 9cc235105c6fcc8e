import type { RunId, TenantId } from '../../lib/foundation/ids';
import { SealableLogStore, type LogChunk, type NumberedChunk } from '../../lib/ports/runs/log-store';
import type { WorldRecords } from './world-records';

/** Log chunks of a world. */
export class MemoryLogs extends SealableLogStore {
  constructor(private readonly world: WorldRecords) {
    super();
  }

  async append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    return chunks.map((chunk) => {
      const run = this.world.run(chunk.runId);
      const { runId, fence, assignment } = chunk;
      const held =
        assignment === undefined
          ? run.fence === fence && run.owner !== null
          : this.world.assignments.holds({ runId, name: assignment, fence }) !== null;
      if (held) this.world.chunks.get(chunk.runId)?.push({ ...chunk, firstLine: null });
      return held;
    });
  }

  async read(_tenant: TenantId, run: RunId, afterLine: number): Promise<readonly NumberedChunk[]> {
    return (this.world.chunks.get(run) ?? [])
      .filter(
        (chunk): chunk is LogChunk & { firstLine: number } =>
          chunk.firstLine !== null && chunk.firstLine + chunk.lines - 1 > afterLine,
      )
      .sort((a, b) => a.firstLine - b.firstLine);
  }

  async bytes(
    _tenant: TenantId,
    run: RunId,
    of: { readonly step: string; readonly execution: number },
    first: number,
    last: number,
  ): Promise<readonly Uint8Array[]> {
    return (this.world.chunks.get(run) ?? [])
      .filter(({ step, execution }) => step === of.step && execution === of.execution)
      .filter(({ chunk }) => chunk >= first && chunk <= last)
      .sort((a, b) => a.chunk - b.chunk)
      .map(({ data }) => data);
  }
}
