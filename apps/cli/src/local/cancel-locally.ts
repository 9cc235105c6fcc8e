import type { CancelRunBody, Run } from '@taskrunner/client';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { unfinishedError, type KeptRuns } from './kept-runs';
import { liveServer } from './live-api';
import { resumeLocally, type LocalRun } from './run-locally';

/** A run of this account that is to be cancelled. */
interface Cancelled {
  readonly kept: KeptRuns;
  readonly runId: string;
  readonly body: CancelRunBody;
  /** Called with the run if another process executes it. */
  readonly onRequested: (run: Run) => void;
}

/**
 * Cancels a run that has not ended. The process that executes it is asked to. If there is none, this process executes what is left of the run, its
 * cleanup, and writes its evidence. Throws `CLI_RUN_UNFINISHED` if a process executes it and does not answer.
 */
export async function cancelLocally(run: LocalRun, { kept, runId, body, onRequested }: Cancelled): Promise<ExitCode> {
  const unfinished = kept.unfinishedRun(runId);
  if (unfinished !== null && unfinished.pid !== null) {
    const server = await liveServer(kept, unfinished);
    if (server === null) throw unfinishedError(unfinished);
    onRequested(await server.client.cancel(runId, body));
    return EXIT.OK;
  }
  const exit = await resumeLocally(run, runId, null, async (server) => void (await server.client.cancel(runId, body)));
  return exit === EXIT.CANCELLED ? EXIT.OK : exit;
}
