import { runIdOf } from '../server/run-argument';
import { CliError } from '../terminal/cli-error';
import { keptServer } from './server-or-kept';

/**
 * Why nothing can be decided without a server, and where it can. `named`: the run on the command line. `what`: what would be decided about. Throws as `runIdOf`, and
 * `CLI_SERVER_MISSING` if this account has no runs.
 */
export async function gateElsewhere(
  env: Readonly<Record<string, string | undefined>>,
  named: string,
  what: 'gates' | 'steps' = 'gates',
): Promise<CliError> {
  const { server, kept } = await keptServer(env);
  const runId = await runIdOf(server, named);
  const unfinished = kept.unfinishedRun(runId);
  if (unfinished === null)
    return new CliError(
      'CLI_GATE_LOCAL',
      `${runId} has ended`,
      `See its ${what} with: taskrunner ${what === 'gates' ? what : 'show'} ${runId}`,
    );
  const resume = `taskrunner run --resume ${runId} --as NAME`;
  return unfinished.pid === null
    ? new CliError(
        'CLI_GATE_LOCAL',
        `no server is set, and no process executes ${runId}`,
        `Decide at a terminal as the local person NAME with: ${resume}`,
      )
    : new CliError(
        'CLI_GATE_LOCAL',
        `no server is set, and process ${unfinished.pid} executes ${runId}`,
        `Decide in its terminal. To decide as another local person, press Ctrl-C there. Then use: ${resume}`,
      );
}
