import { isOver } from '@taskrunner/core/foundation';
import { STUCK_REASONS } from '@taskrunner/core/ports';
import { Option, type Command } from 'commander';
import { connect, withConnection } from '../../server/connection';
import { followLog } from '../../server/follow-log';
import { cancelRun, getRun, listAll, listGates, listSteps, planOrder } from '../../server/run-api';
import { runIdOf } from '../../server/run-argument';
import { waitsForPerson, type LogEvent, type RunView } from '../../server/run-views';
import { runGateLines } from '../../terminal/decision-lines';
import { EXIT, exitOfRun } from '../../terminal/exit-code';
import { runColumns } from '../../lists/list-columns';
import { LogPrinter } from '../../terminal/log-printer';
import { endLines, waitLine, waitLines } from '../../terminal/run-lines';
import { safeLine } from '../../terminal/safe-text';
import { treeLines } from '../../terminal/step-tree';
import type { Terminal } from '../../terminal/terminal';
import type { Context } from '../context';
import { printLines } from './gates.command';
import { isJson, printAs, printList, withOutput, type ServerOptions } from '../options';

/** Commands that read runs: logs, show, list, wait, cancel, whoami. */
export function registerQueries(program: Command, context: Context): void {
  registerLogs(program, context);
  registerShow(program, context);
  registerLists(program, context);
  registerWait(program, context);
  registerCancel(program, context);
  withConnection(withOutput(program.command('whoami')))
    .description('show the identity, tenant and scopes of the token')
    .action((options: ServerOptions) =>
      context.run(async () => {
        const { body } = await (await connect(options, context.env)).ask<Me>('/api/me');
        printAs(context, options, body, () => linesOf(body));
        return EXIT.OK;
      }),
    );
}

interface Me {
  readonly person: { readonly sub: string; readonly name: string; readonly iss: string };
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly grants: readonly string[];
}

function linesOf({ person, tenant, scopes, grants }: Me): readonly string[] {
  return [
    `${person.name} (${person.sub} of ${person.iss})`,
    `tenant ${tenant}, scopes ${scopes.join(' ')}, grants ${grants.join(' ') || 'none'}`,
  ];
}

interface LogOptions extends ServerOptions {
  readonly follow: boolean;
  readonly after?: string;
  readonly tail?: string;
  readonly step?: string;
  readonly attempt?: string;
  readonly level?: string;
  readonly times: boolean;
}

function registerLogs(program: Command, context: Context): void {
  withConnection(withOutput(program.command('logs <run>')))
    .description('print the log of a run and follow it')
    .option('--no-follow', 'print the existing lines and exit')
    .option('--no-times', 'print lines without their times')
    .option('--after <line>', 'print only lines after this line number')
    .addOption(new Option('--tail <lines>', 'begin with the last lines, at most this number').conflicts('after'))
    .option('--step <id>', 'print only lines of this step and its child steps')
    .option('--attempt <number>', 'print only lines of this attempt of the step; requires --step')
    .addOption(
      new Option('--level <level>', 'print only lines of this level or higher').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .action((named: string, options: LogOptions) =>
      context.run(async () => {
        const { terminal } = context;
        const client = await connect(options, context.env);
        const runId = await runIdOf(client, named);
        const { follow, step, level, after, tail, attempt } = options;
        let status: string | null = null;
        const printer = new LogPrinter(terminal, options.output, options.times);
        try {
          for await (const event of followLog(client, runId, {
            follow,
            step,
            level,
            ...(attempt !== undefined && { attempt: Number(attempt) }),
            ...(tail === undefined ? { after: Number(after ?? 0) } : { tail: Number(tail) }),
          })) {
            if (event.eventType === 'stream.tail' && !isJson(options)) sayTail(event, terminal);
            else printer.print(event);
            if (event.eventType === 'run.finished') status = event.status ?? null;
          }
        } finally {
          printer.close();
        }
        if (status === null || !follow) return EXIT.OK;
        const { run } = await getRun(client, runId);
        return exitOfRun(status, run?.error ?? null);
      }),
    );
}

/** Says that a tail has fewer lines than requested, because the server stopped searching. */
function sayTail({ complete = true, sequence }: LogEvent, terminal: Terminal): void {
  if (!complete)
    terminal.say(`the server stopped searching: fewer lines than requested were found after line ${sequence}`);
}

function registerShow(program: Command, context: Context): void {
  withConnection(withOutput(program.command('show <run>')))
    .description('show a run, its steps and its gates')
    .action((named: string, options: ServerOptions) =>
      context.run(async () => {
        const { terminal } = context;
        const client = await connect(options, context.env);
        const runId = await runIdOf(client, named);
        const { run } = await getRun(client, runId);
        if (run === null) return EXIT.FAILED;
        const steps = await listSteps(client, runId);
        const gates = steps.some(({ kind }) => kind === 'gate') ? await listGates(client, runId) : [];
        if (isJson(options)) terminal.print(JSON.stringify({ ...run, gates }));
        else {
          const order = await planOrder(client, runId);
          terminal.print(safeLine(`${run.pack.name} ${run.pack.version}, by ${run.requester.name}, ${run.createdAt}`));
          terminal.print(`plan ${run.planHash}`);
          for (const line of treeLines(steps, {
            order,
            columns: 200,
            rows: 1_000,
            now: Date.now(),
            withComing: !isOver(run.status),
          }))
            terminal.print(line);
          printLines(context, gates.flatMap(runGateLines));
          for (const wait of run.waits) terminal.print(waitLine(wait));
          printLines(
            context,
            run.waits.flatMap((wait) => (wait.kind === 'restore' ? waitLines(run, wait) : [])),
          );
          if (run.outputs !== null) terminal.print(safeLine(`outputs ${JSON.stringify(run.outputs)}`));
          printLines(context, isOver(run.status) ? endLines(run) : [`run ${run.runId} ${run.status}`]);
        }
        return EXIT.OK;
      }),
    );
}

interface ListOptions extends ServerOptions {
  readonly status?: string;
  readonly pack?: string;
  readonly stuck?: string;
  readonly limit: string;
}

function registerLists(program: Command, context: Context): void {
  withConnection(withOutput(program.command('list')))
    .description('list runs, newest first')
    .option('--status <status>', 'list only runs with this status')
    .option('--pack <name>', 'list only runs of this pack')
    .addOption(
      new Option(
        '--stuck <reason>',
        'list only runs that require manual action, by reason: a step needs attention, the run is halted, the seal of its evidence is blocked, or a restore stopped the run',
      ).choices([...STUCK_REASONS, 'any']),
    )
    .option('--limit <count>', 'maximum number of entries', '50')
    .action((options: ListOptions) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const most = Math.max(1, Number(options.limit) || 50);
        const { status, pack, stuck } = options;
        const query = { status, pack, stuck, limit: Math.min(most, 200) };
        const runs = await listAll<RunView>(client, '/api/runs', query, most);
        printList(context, options, { items: runs, columns: runColumns(Date.now()), none: 'no runs' });
        return EXIT.OK;
      }),
    );
}

function registerWait(program: Command, context: Context): void {
  withConnection(withOutput(program.command('wait <run>')))
    .description('wait until a run ends or requires manual action')
    .addOption(new Option('--for <what>', 'event to wait for').choices(['end', 'attention']).default('end'))
    .option('--timeout <seconds>', 'stop waiting after this time')
    .action(
      (named: string, options: ServerOptions & { readonly for: 'end' | 'attention'; readonly timeout?: string }) =>
        context.run(async () => {
          const client = await connect(options, context.env);
          const runId = await runIdOf(client, named);
          const deadline = options.timeout === undefined ? Infinity : Date.now() + Number(options.timeout) * 1_000;
          for (;;) {
            const left = Math.max(0, Math.min(30, Math.ceil((deadline - Date.now()) / 1_000)));
            const { run } = await getRun(client, runId, { waitSeconds: left, for: options.for });
            const isWaiting = run !== null && options.for === 'attention' && waitsForPerson(run);
            const over = run !== null && isOver(run.status);
            if (run === null || !(isWaiting || over || Date.now() >= deadline)) continue;
            printAs(context, options, run, () => [`run ${runId} ${run.status}`]);
            if (over) return exitOfRun(run.status, run.error);
            return waitsForPerson(run) ? EXIT.WAITS_FOR_PERSON : EXIT.RETRYABLE;
          }
        }),
    );
}

function registerCancel(program: Command, context: Context): void {
  withConnection(withOutput(program.command('cancel <run>')))
    .description('cancel a run')
    .requiredOption('--reason <text>', 'reason for the cancellation, stored with the run')
    .option('--force', 'also stop cleanup steps')
    .action((named: string, options: ServerOptions & { readonly reason: string; readonly force?: boolean }) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const runId = await runIdOf(client, named);
        const run = await cancelRun(client, runId, options.reason, options.force ?? false);
        printAs(context, options, run, () => [`run ${runId} ${run.status}`]);
        return EXIT.OK;
      }),
    );
}
