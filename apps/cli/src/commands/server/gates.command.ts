import type { Command } from 'commander';
import { serverOrKept } from '../../local/server-or-kept';
import { connect, withConnection } from '../../server/connection';
import { runIdOf } from '../../server/run-argument';
import type { GateView } from '../../server/run-views';
import { runGateLines } from '../../terminal/decision-lines';
import { EXIT } from '../../terminal/exit-code';
import { policyLines } from '../../terminal/policy-lines';
import { gateColumns } from '../../lists/list-columns';
import { rowsOf } from '../../lists/table';
import type { Context } from '../context';
import { isJson, printLines, printList, widthOf, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly mine?: boolean;
}

/** Commands that list gates: those of a run, and the open ones. */
export function registerGates(program: Command, context: Context): void {
  withConnection(withOutput(program.command('gates <run>')))
    .description(
      'show the gates of a run: status, policy result, and each decision with person, time, reason and proof',
    )
    .action((named: string, options: Options) =>
      context.run(async () => {
        const { server } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        const gates = await server.gates(runId);
        if (isJson(options) || gates.length === 0)
          printList(context, options, { items: gates, columns: [], none: 'the run has no gates' });
        else printLines(context, gates.flatMap(runGateLines));
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(program.command('approvals')))
    .description('list open gates')
    .option('--mine', 'list only gates that you may decide')
    .action((options: Options) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const gates = await server.approvals(options.mine === true);
        if (isJson(options)) printList(context, options, { items: gates, columns: [], none: '' });
        else if (gates.length === 0) context.terminal.say('no open gates');
        else printOpenGates(gates, context);
        return EXIT.OK;
      }),
    );
}

/** A list in which each gate of a policy is followed by the verdict that an approval overrides. */
function printOpenGates(gates: readonly GateView[], context: Context): void {
  const { terminal } = context;
  const rows = rowsOf(gateColumns(Date.now()), gates, widthOf(terminal));
  if (rows.header !== null) terminal.print(rows.header);
  for (const [i, { policy = null }] of gates.entries()) {
    if (rows.header === null && i > 0) terminal.print('');
    for (const line of rows.lines[i] ?? []) terminal.print(line);
    if (policy !== null)
      printLines(
        context,
        [...policyLines(policy), 'approving overrides the denial'].map((line) => `  ${line}`),
      );
  }
}
