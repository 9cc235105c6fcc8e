import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { ownDirectory } from '@taskrunner/infrastructure/embedded-postgres';
import { CliError } from '../terminal/cli-error';
import { removeRunFolder } from './local-folder';
import { unfinishedError, type KeptRuns } from './kept-runs';

/** Ids of the runs that have ended before a time, milliseconds since the epoch. */
export function endedBefore(kept: KeptRuns, time: number): readonly string[] {
  return kept.ids.filter((runId) => {
    if (kept.unfinishedRun(runId) !== null) return false;
    const run = kept.listed(runId);
    return run !== null && Date.parse(run.finishedAt ?? run.createdAt) < time;
  });
}

/**
 * Deletes what is kept of a run. `force`: also one that can be resumed. Throws `CLI_RUN_UNFINISHED` for one that a process executes, and without
 * `force`.
 */
export async function forgetRun(kept: KeptRuns, runId: string, force: boolean): Promise<void> {
  const unfinished = kept.unfinishedRun(runId);
  if (unfinished === null) {
    // It disappears from the lists at once. What a kill leaves of it is deleted by a later run.
    const gone = `${kept.folderOf(runId)}.${process.pid}.new`;
    await rename(kept.folderOf(runId), gone);
    await rm(gone, { recursive: true, force: true });
    return;
  }
  const { folder, facts, pid } = unfinished;
  if (pid !== null) throw unfinishedError(unfinished);
  if (!force) throw unfinishedError(unfinished, '. To delete it nevertheless, use --force.');
  if (facts.socket !== null && (await answers(facts.socket)))
    throw new CliError(
      'CLI_RUN_UNFINISHED',
      `${runId} is executed by a process that is not visible here, as in another container`,
      'Wait until it has ended.',
    );
  // Nobody resumes it meanwhile. The lock is deleted with the folder.
  await ownDirectory(folder.storage, ({ pid: other }) => unfinishedError({ runId, pid: other }));
  await removeRunFolder(folder);
}

/** True if a process listens on a socket. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
