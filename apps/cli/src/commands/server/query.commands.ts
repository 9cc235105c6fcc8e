import { numberOf } from '../number-option';
import type { LogLevel, Me, Run } from '@taskrunner/client';
import { isOver } from '@taskrunner/core/foundation';
import { STUCK_REASONS } from '@taskrunner/core/ports';
import { Option, type Command } from 'commander';
import { connect, withConnection } from '../../server/connection';
import { ConnectionNotice } from '../../server/connection-notice';
import { PATIENCE_MS } from '../../server/patience';
import { runFailure } from '../../server/run-failure';
import { refuseUnknownStep, runIdOf } from '../../server/run-argument';
import type { Server } from '../../server/server';
import { serverOrKept } from '../../local/server-or-kept';
import type { KeptRuns } from '../../local/kept-runs';
import type { LogEvent, RunView } from '../../server/run-views';
import { CliError } from '../../terminal/cli-error';
import { runGateLines } from '../../terminal/decision-lines';
import { EXIT, exitOfRun } from '../../terminal/exit-code';
import { runColumns } from '../../lists/list-columns';
import { LogPrinter } from '../../terminal/log-printer';
import { failedStepLines } from '../../terminal/failed-steps';
import { cancellationLines, endHelp, endLines, waitLine, waitLines } from '../../terminal/run-lines';
import { safeLine } from '../../terminal/safe-text';
import { treeLines } from '../../terminal/step-tree';
import type { Terminal } from '../../terminal/terminal';
import type { Context } from '../context';
import { registerCancel } from './cancel.command';
import { isJson, printAs, printLines, printList, several, withOutput, type ServerOptions } from '../options';

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
        const me = await (await connect(options, context.env)).me();
        printAs(context, options, me, () => linesOf(me));
        return EXIT.OK;
      }),
    );
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
  readonly level?: LogLevel;
  readonly times: boolean;
}

function registerLogs(program: Command, context: Context): void {
  withConnection(withOutput(program.command('logs <run>')))
    .description('print the log of a run and follow it')
    .option('-f, --follow', 'follow the log until the run ends (default)', true)
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
        const begin = beginningOf(options);
        const { server, kept } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        const isUnfinished = kept?.unfinishedRun(runId)?.pid === null;
        const { step, level } = options;
        // Nothing is added to the log of a run that no process executes.
        const follow = options.follow && !isUnfinished;
        if (step !== undefined) await refuseUnknownStep(server, runId, step);
        let status: string | null = null;
        const printer = new LogPrinter(terminal, options.output, options.times);
        const notice = noticeFor(terminal);
        try {
          for await (const event of server.client.followLogs(runId, {
            follow,
            ...(step !== undefined && { step }),
            ...(level !== undefined && { level }),
            ...begin,
            giveUpAfterMs: PATIENCE_MS,
            ...notice.stream(),
            onTail: (tail) => (isJson(options) ? printer.print(tail) : sayTail(tail, terminal)),
          })) {
            printer.print(event);
            if (event.eventType === 'run.finished') status = event.status ?? null;
          }
        } finally {
          notice.close();
          printer.close();
        }
        if (isUnfinished) await sayUnfinished(server, runId, terminal);
        if (status === null || !follow) return EXIT.OK;
        const { error } = await server.client.run(runId);
        return exitOfRun(status, error);
      }),
    );
}

/** Says why the log of a kept run ends before the run does. */
async function sayUnfinished(server: Server, runId: string, terminal: Terminal): Promise<void> {
  const { status, resume }: RunView = await server.client.run(runId);
  terminal.say(`the run has not ended (${status})`);
  if (resume !== undefined) terminal.say(`help: Go on with: ${resume}`);
}

/** Where the log begins, and the attempt. Throws `CLI_USAGE`. */
function beginningOf({ after = '0', tail, attempt }: LogOptions) {
  return {
    ...(attempt !== undefined && { attempt: numberOf('--attempt', attempt, { least: 1 }) }),
    ...(tail === undefined
      ? { after: numberOf('--after', after, { least: 0, usual: 100 }) }
      : { tail: numberOf('--tail', tail, { least: 0, usual: 20 }) }),
  };
}

function noticeFor(terminal: Terminal): ConnectionNotice {
  return new ConnectionNotice({ say: (line) => terminal.say(line), isInteractive: terminal.isInteractive });
}

/** Says that a tail has fewer lines than requested, because the server stopped searching. */
function sayTail({ complete = true, sequence }: LogEvent, terminal: Terminal): void {
  if (!complete)
    terminal.say(`the server stopped searching: fewer lines than requested were found after line ${sequence}`);
}

/** Maximum number of steps that `show` prints. */
const MOST_STEPS = 1_000;

function registerShow(program: Command, context: Context): void {
  withConnection(withOutput(program.command('show <run>')))
    .description('show a run, its steps and its gates')
    .action((named: string, options: ServerOptions) =>
      context.run(async () => {
        const { terminal } = context;
        const { server } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        const run: Run & RunView = await server.client.run(runId);
        const found = await server.steps(runId, MOST_STEPS + 1);
        const steps = found.slice(0, MOST_STEPS);
        const gates = steps.some(({ kind }) => kind === 'gate') ? await server.gates(runId) : [];
        if (isJson(options))
          terminal.print(JSON.stringify({ ...run, gates, steps, moreSteps: found.length > steps.length }));
        else {
          const order = await server.planOrder(runId);
          const tree = treeLines(steps, {
            order,
            columns: 200,
            rows: 1_000,
            now: Date.now(),
            withComing: !isOver(run.status),
            runCode: typeof run.error?.['code'] === 'string' ? run.error['code'] : null,
          });
          printLines(context, [
            safeLine(`${run.pack.name} ${run.pack.version}, by ${run.requester.name}, ${run.createdAt}`),
            `plan ${run.planHash}`,
            ...tree,
            ...gates.flatMap(runGateLines),
            ...run.waits.map(waitLine),
          ]);
          printLines(
            context,
            run.waits.flatMap((wait) => (wait.kind === 'restore' ? waitLines(run, wait) : [])),
          );
          if (run.outputs !== null) printLines(context, [safeLine(`outputs ${JSON.stringify(run.outputs)}`)]);
          const failure = isOver(run.status) ? await runFailure(server, run) : null;
          printLines(context, failedStepLines(runId, steps, failure?.stepId ?? null));
          if (!isOver(run.status)) printLines(context, [`run ${run.runId} ${run.status}`, ...cancellationLines(run)]);
          else {
            printLines(context, endLines(run, failure));
            for (const line of endHelp(run, failure)) terminal.say(line);
          }
          if (run.resume !== undefined) terminal.say(`help: Go on with: ${run.resume}`);
        }
        return EXIT.OK;
      }),
    );
}

interface ListOptions extends ServerOptions {
  readonly status?: string;
  readonly pack?: string;
  readonly stuck?: string;
  readonly requester?: string;
  readonly search?: string;
  readonly label?: readonly string[];
  readonly limit: string;
}

function registerLists(program: Command, context: Context): void {
  withConnection(withOutput(program.command('list')))
    .description('list runs, newest first')
    .option('--status <status>', 'list only runs with this status')
    .option('--pack <name>', 'list only runs of this pack')
    .option('--label <name=value>', 'list only runs with this label', several)
    .option('--requester <subject>', 'list only runs that this subject submitted; me: you')
    .option(
      '--search <text>',
      'list only runs whose id begins or ends with this text, or whose pack name, label or requester name contains it',
    )
    .addOption(
      new Option(
        '--stuck <reason>',
        'list only runs that require manual action for this reason: a step needs attention, the run is halted, the seal of its evidence is blocked, or a restore stopped the run',
      ).choices([...STUCK_REASONS, 'any']),
    )
    .option('--limit <count>', 'maximum number of entries', '50')
    .action((options: ListOptions) =>
      context.run(async () => {
        const most = numberOf('--limit', options.limit, { least: 1, usual: 50 });
        const { server, kept } = await serverOrKept(options, context.env);
        const { status, pack, stuck, requester, search: q } = options;
        const label = options.label?.map(labelOf);
        const runs: Run[] = [];
        for await (const page of server.runPages({ status, pack, stuck, requester, q, label, limit: most })) {
          runs.push(...page);
          if (runs.length >= most) break;
        }
        const items = runs.slice(0, most);
        printList(context, options, { items, columns: runColumns(Date.now()), none: 'no runs' });
        if (kept !== null) sayOfKept(kept, items, options, context.terminal);
        return EXIT.OK;
      }),
    );
}

/** `name=value`, in the form of a query. Throws `CLI_USAGE`. */
function labelOf(written: string): string {
  const equals = written.indexOf('=');
  if (equals > 0) return `${written.slice(0, equals)}:${written.slice(equals + 1)}`;
  throw new CliError('CLI_USAGE', 'a label must have the form name=value', 'Use --label name=value.');
}

/** Maximum number of resumable runs for which `list` prints the command. */
const SHOWN_RESUMES = 3;

/** Says how to go on with runs that have not ended, and which folders cannot be read. */
function sayOfKept(kept: KeptRuns, runs: readonly RunView[], options: ListOptions, terminal: Terminal): void {
  for (const path of kept.unreadable) terminal.say(safeLine(`not listed, because it cannot be read: ${path}`));
  const resumes = runs.flatMap(({ resume }) => (resume === undefined ? [] : [resume]));
  if (isJson(options) || resumes.length === 0) return;
  for (const resume of resumes.slice(0, SHOWN_RESUMES)) terminal.say(`help: Go on with: ${resume}`);
  if (resumes.length > SHOWN_RESUMES)
    terminal.say(`help: ${resumes.length - SHOWN_RESUMES} more can be resumed likewise.`);
}

function registerWait(program: Command, context: Context): void {
  withConnection(withOutput(program.command('wait <run>')))
    .description('wait until a run ends or requires manual action')
    .addOption(new Option('--for <what>', 'event to wait for').choices(['end', 'attention']).default('end'))
    .option('--timeout <seconds>', 'stop waiting after this time')
    .action(
      (named: string, options: ServerOptions & { readonly for: 'end' | 'attention'; readonly timeout?: string }) =>
        context.run(async () => {
          const timeoutMs =
            options.timeout === undefined
              ? Infinity
              : numberOf('--timeout', options.timeout, { least: 0, usual: 60 }) * 1_000;
          const { server } = await serverOrKept(options, context.env);
          const runId = await runIdOf(server, named);
          const run = await waitFor(server, runId, { what: options.for, timeoutMs }, context.terminal);
          printAs(context, options, run, () => [`run ${runId} ${run.status}`]);
          if (isOver(run.status)) return exitOfRun(run.status, run.error);
          return server.needsPerson(run) ? EXIT.WAITS_FOR_PERSON : EXIT.RETRYABLE;
        }),
    );
}

/** Waits. A wait for the end of a run that waits for a person says so, because it can be long. */
async function waitFor(
  server: Server,
  runId: string,
  { what, timeoutMs }: { readonly what: 'end' | 'attention'; readonly timeoutMs: number },
  terminal: Terminal,
): Promise<Run> {
  const until = Date.now() + timeoutMs;
  const stream = noticeFor(terminal).stream();
  const run = await server.wait(runId, 'attention', timeoutMs, stream);
  if (what === 'attention' || isOver(run.status) || !server.needsPerson(run)) return run;
  const places = run.waits.map(({ kind, id }) => (id === null ? kind : `${kind} ${id}`)).join(', ');
  terminal.say(safeLine(`the run waits for a person${places === '' ? '' : `: ${places}`}; still waiting for its end`));
  terminal.say(`help: To stop here instead: taskrunner wait ${runId} --for attention`);
  return server.wait(runId, 'end', Math.max(0, until - Date.now()), stream);
}
