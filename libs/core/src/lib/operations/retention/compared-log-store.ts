import { sha256 } from '../../canonical/digest';
import type { RunId, TenantId } from '../../foundation/ids';
import { LogStore, type LogChunk, type NumberedChunk } from '../../ports/runs/log-store';
import { alteredIn, type JournaledRuns } from './journaled-runs';

/**
 * A log of which each chunk is compared with the digest in the journal. Chunks before an altered one are returned; `read` rejects with
 * `DocumentAltered` if it is the first.
 */
export class ComparedLogStore extends LogStore {
  constructor(
    private readonly store: LogStore,
    private readonly journals: JournaledRuns,
  ) {
    super();
  }

  append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    return this.store.append(chunks);
  }

  async read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]> {
    const chunks = await this.store.read(tenant, run, afterLine, limit);
    const last = chunks.at(-1);
    if (!last) return chunks;
    const journal = await this.journals.of(tenant, run, last.firstLine + last.lines - 1);
    const wrong = chunks.findIndex(
      ({ isWithheld, firstLine, step, execution, chunk, lines, data }) =>
        isWithheld !== true && !journal.hasChunk(firstLine, { step, execution, chunk, lines, sha256: sha256(data) }),
    );
    if (wrong === -1) return chunks;
    const chunk = chunks[wrong] as NumberedChunk;
    if (wrong > 0) return chunks.slice(0, wrong);
    const what = `chunk ${chunk.chunk} of the log of ${chunk.step}, execution ${chunk.execution}`;
    throw alteredIn(tenant, run)('log', what, 'the chunk in the journal', sha256(chunk.data));
  }
}
