import type { CancelRunBody, Run } from '@taskrunner/client';
import { isOver } from '@taskrunner/core/foundation';
import type { Command } from 'commander';
import type { KeptRuns } from '../../local/kept-runs';
import { serverOrKept } from '../../local/server-or-kept';
import { withConnection } from '../../server/connection';
import { runIdOf } from '../../server/run-argument';
import { CliError } from '../../terminal/cli-error';
import { EXIT, type ExitCode } from '../../terminal/exit-code';
import type { Context } from '../context';
import { isJson, printAs, withOutput, type ServerOptions } from '../options';
import { displayFor } from './run.command';

interface Options extends ServerOptions {
  readonly reason: string;
  readonly force?: boolean;
  readonly evidence?: string;
}

export function registerCancel(program: Command, context: Context): void {
  withConnection(withOutput(program.command('cancel <run>')))
    .description('cancel a run; without a server, also one that was interrupted')
    .requiredOption('--reason <text>', 'reason for the cancellation, stored with the run')
    .option('--force', 'also stop cleanup steps')
    .option(
      '--evidence <file>',
      'without a server: file for the evidence of an interrupted run (default: <run>.evidence.tar)',
    )
    .action((named: string, options: Options) =>
      context.run(async () => {
        const { server, kept } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        const body = { reason: options.reason, force: options.force ?? false };
        if (kept === null) {
          if (options.evidence !== undefined) throw withoutServerOnly();
          printCancelled(await server.client.cancel(runId, body), options, context);
          return EXIT.OK;
        }
        if (kept.unfinishedRun(runId) !== null) return cancelWithoutServer(kept, runId, body, options, context);
        printCancelled(await server.client.run(runId), options, context);
        return EXIT.OK;
      }),
    );
}

function withoutServerOnly(): CliError {
  return new CliError('CLI_USAGE', '--evidence is for runs without a server', 'Omit the option.');
}

function printCancelled(run: Run, options: Options, context: Context): void {
  if (isOver(run.status) && run.status !== 'cancelled')
    context.terminal.say('nothing was cancelled: the run had ended before');
  printAs(context, options, run, () => [`run ${run.runId} ${run.status}`]);
}

async function cancelWithoutServer(
  kept: KeptRuns,
  runId: string,
  body: CancelRunBody,
  options: Options,
  context: Context,
): Promise<ExitCode> {
  const { env, terminal } = context;
  const { cancelLocally } = await import('../../local/cancel-locally.js');
  const { output, evidence } = options;
  const display = displayFor(output, terminal);
  const isForPrograms = isJson({ output });
  const run = { env, terminal, display, isForPrograms, until: 'end', as: undefined, keep: false, evidence } as const;
  return cancelLocally(run, { kept, runId, body, onRequested: (asked) => printCancelled(asked, options, context) });
}
