import type { Command } from 'commander';
import { connect, withConnection } from '../../server/connection';
import { runIdOf } from '../../server/run-argument';
import type { GateView, RunView } from '../../server/run-views';
import type { Server } from '../../server/server';
import { runGateLines } from '../../terminal/decision-lines';
import { EXIT } from '../../terminal/exit-code';
import { policyLines } from '../../terminal/policy-lines';
import { gateColumns } from '../../lists/list-columns';
import { tableLines } from '../../lists/table';
import { wrapped } from '../../terminal/safe-text';
import type { Context } from '../context';
import { isJson, printList, withOutput, type ServerOptions } from '../options';

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
        const server = await connect(options, context.env);
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
        else await printOpenGates(server, gates, context);
        return EXIT.OK;
      }),
    );
}

/** A table in which each gate of a policy is followed by the verdict that an approval overrides. */
async function printOpenGates(server: Server, gates: readonly GateView[], context: Context): Promise<void> {
  const runs = await runsOf(server, new Set(gates.map(({ runId }) => runId)));
  const rows = gates.map((gate) => ({ gate, run: runs.get(gate.runId) ?? null }));
  const [header = '', ...lines] = tableLines(gateColumns(Date.now()), rows);
  context.terminal.print(header);
  for (const [i, { policy = null }] of gates.entries()) {
    context.terminal.print(lines[i] ?? '');
    if (policy !== null)
      printLines(
        context,
        [...policyLines(policy), 'approving overrides the denial'].map((line) => `  ${line}`),
      );
  }
}

/** Maximum number of runs that are read one by one. Others are shown without their pack. */
const MOST_SINGLE_RUNS = 20;

/** The runs of open gates, because a gate does not name its pack. Most of them are waiting and come in one list. */
async function runsOf(server: Server, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, RunView>> {
  const found = new Map<string, RunView>();
  for await (const page of server.runPages({ status: 'waiting' })) {
    for (const run of page) found.set(run.runId, run);
    break;
  }
  for (const id of [...ids].filter((one) => !found.has(one)).slice(0, MOST_SINGLE_RUNS))
    found.set(id, await server.client.run(id));
  return found;
}

/** Prints lines. On a terminal they are wrapped to its width, so that continuation lines are indented. */
export function printLines({ terminal }: Context, lines: readonly string[]): void {
  const columns = terminal.isInteractive ? terminal.columns : Infinity;
  for (const line of lines) for (const part of wrapped(line, columns)) terminal.print(part);
}
