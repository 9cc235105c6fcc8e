import type { Command } from 'commander';
import { runIdOf } from '../../server/run-argument';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import type { Context } from '../context';
import { numberOf } from '../number-option';
import { printAs, withOutput } from '../options';

interface Options {
  readonly output: string;
  readonly olderThan?: string;
  readonly force?: boolean;
}

const DAY_MS = 86_400_000;

/** `forget`: deletes runs that this account has kept. */
export function registerForget(program: Command, context: Context): void {
  withOutput(program.command('forget [runs...]'))
    .description('delete kept runs of this account, which were executed without a server')
    .option('--older-than <days>', 'delete all kept runs that ended more than this number of days ago')
    .option('--force', 'also delete a run that can be resumed')
    .action((named: readonly string[], options: Options) =>
      context.run(async () => {
        const { olderThan, force = false } = options;
        if (named.length === 0 && olderThan === undefined)
          throw new CliError('CLI_USAGE', 'no run is named', 'Name kept runs, or use --older-than DAYS.');
        const days = olderThan === undefined ? null : numberOf('--older-than', olderThan, { least: 0, usual: 30 });
        const [{ keptServer }, { endedBefore, forgetRun }] = await Promise.all([
          import('../../local/server-or-kept.js'),
          import('../../local/forget-runs.js'),
        ]);
        const { server, kept } = await keptServer(context.env);
        const forgotten: string[] = days === null ? [] : [...endedBefore(kept, Date.now() - days * DAY_MS)];
        for (const name of named) {
          const runId = await runIdOf(server, name);
          if (!forgotten.includes(runId)) forgotten.push(runId);
        }
        for (const runId of forgotten) await forgetRun(kept, runId, force);
        printAs(context, options, { forgotten }, () => forgotten.map((runId) => `run ${runId} forgotten`));
        return EXIT.OK;
      }),
    );
}
