import type { Command } from 'commander';
import { connect, withConnection } from '../../server/connection';
import { listAll, listGates } from '../../server/run-api';
import { runIdOf } from '../../server/run-argument';
import type { GateView } from '../../server/run-views';
import { runGateLines } from '../../terminal/decision-lines';
import { EXIT } from '../../terminal/exit-code';
import { policyLines } from '../../terminal/policy-lines';
import { safeLine, wrapped } from '../../terminal/safe-text';
import type { Context } from '../context';
import { withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly mine?: boolean;
}

/** Commands that list gates: those of a run, and the open ones. */
export function registerGates(program: Command, context: Context): void {
  withConnection(withOutput(program.command('gates <run>'), 'json'))
    .description(
      'show the gates of a run: status, policy result, and each decision with person, time, reason and proof',
    )
    .action((named: string, options: Options) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const runId = await runIdOf(client, named);
        const gates = await listGates(client, runId);
        if (options.output === 'json') context.terminal.print(JSON.stringify({ items: gates }));
        else if (gates.length === 0) context.terminal.print('the run has no gates');
        else printLines(context, gates.flatMap(runGateLines));
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(program.command('approvals'), 'json'))
    .description('list open gates')
    .option('--mine', 'list only gates that you may decide')
    .action((options: Options) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const gates = await listAll<GateView>(client, '/api/approvals', { mine: options.mine ? 'true' : undefined });
        if (options.output === 'json') context.terminal.print(JSON.stringify({ items: gates }));
        else printLines(context, gates.flatMap(openGateLines));
        return EXIT.OK;
      }),
    );
}

function openGateLines({ runId, gateId, approvals, required, until, canDecide, why, policy = null }: GateView) {
  const may = canDecide ? 'you may decide' : (why ?? '');
  return [
    safeLine(`${runId}  ${gateId}  ${approvals}/${required}  until ${until}  ${may}`),
    ...(policy === null ? [] : [...policyLines(policy), 'approving overrides the denial'].map((line) => `  ${line}`)),
  ];
}

/** Prints lines. On a terminal they are wrapped to its width, so that continuation lines are indented. */
export function printLines({ terminal }: Context, lines: readonly string[]): void {
  const columns = terminal.isInteractive ? terminal.columns : Infinity;
  for (const line of lines) for (const part of wrapped(line, columns)) terminal.print(part);
}
