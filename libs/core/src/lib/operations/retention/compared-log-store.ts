import { sha256 } from '../../canonical/digest';
import type { RunId, TenantId } from '../../foundation/ids';
import type { JournaledRun } from '../../journal/journaled-run';
import { LogStore, type LogChunk, type NumberedChunk } from '../../ports/runs/log-store';
import { isStoredTime } from '../../stored/stored-time';
import { alteredIn, type JournaledRuns } from './journaled-runs';

/**
 * A log of which each chunk is compared with the digest in the journal. Chunks before an altered one are returned; `read` rejects with
 * `DocumentAltered` if it is the first. So it does if lines of a sealed run are missing: its bundle has all of them.
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
    if (!last || (chunks[0] as NumberedChunk).firstLine > afterLine + 1)
      await this.refuseMissing(tenant, run, afterLine);
    if (!last) return chunks;
    const journal = await this.journals.of(tenant, run, last.firstLine + last.lines - 1);
    const wrong = chunks.findIndex((chunk, i) => !isNext(chunks[i - 1], chunk) || !isOf(journal, chunk));
    if (wrong > 0) return chunks.slice(0, wrong);
    const first = chunks[0] as NumberedChunk;
    const altered = alteredIn(tenant, run);
    const what = `chunk ${first.chunk} of the log of ${first.step}, execution ${first.execution}`;
    if (wrong === 0) throw altered('log', what, 'the chunk in the journal', sha256(first.data));
    if (chunks.some(({ isWithheld }) => isWithheld)) await this.refuseWithheld(tenant, run);
    return chunks;
  }

  private async refuseMissing(tenant: TenantId, run: RunId, afterLine: number): Promise<void> {
    const { lastLine } = await this.journals.of(tenant, run, afterLine + 1);
    if (lastLine <= afterLine || (await this.journals.statement(tenant, run)) === null) return;
    throw alteredIn(tenant, run)('log', `the log after line ${afterLine}`, `${lastLine} lines`, 'no line');
  }

  /** Lines are withheld in the bundle only if the signed statement says so. */
  private async refuseWithheld(tenant: TenantId, run: RunId): Promise<void> {
    const statement = await this.journals.statement(tenant, run);
    if (statement === null || statement.exceptions.some(({ detail }) => detail.startsWith('logs/'))) return;
    throw alteredIn(tenant, run)('log', 'what is withheld of the log', 'nothing', 'lines');
  }
}

function isNext(before: NumberedChunk | undefined, { firstLine }: NumberedChunk): boolean {
  return before === undefined || firstLine === before.firstLine + before.lines;
}

/** True if the journal has this chunk, or where it is withheld, one with these lines, and if its time can be shown. */
function isOf(
  journal: JournaledRun,
  { isWithheld, firstLine, step, execution, chunk, lines, data, at }: NumberedChunk,
) {
  if (!isStoredTime(at)) return false;
  if (isWithheld === true) return journal.hasLines(firstLine, lines);
  return journal.hasChunk(firstLine, { step, execution, chunk, lines, sha256: sha256(data) });
}
