import { CATCH_UP, OVERLAP } from '@taskrunner/core';
import { Option, type Command } from 'commander';
import type { InputOptions } from '../packs/input-arguments';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import { listAll } from '../server/run-api';
import {
  editSchedule,
  getSchedule,
  scheduleId,
  schedulePath,
  type ScheduleView,
  type TickView,
} from '../server/schedule-api';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { several, withInputs, withOutput } from './options';
import { labelsOf, packAt, readPin, requestOf } from './run.command';

interface Options extends ConnectionOptions {
  readonly output: string;
}

/** `schedule create|list|show|next|pause|resume|delete`. */
export function registerSchedules(program: Command, context: Context): void {
  const schedule = program.command('schedule').description('packs that run by the clock');
  registerCreate(schedule, context);
  registerViews(schedule, context);
  registerEdits(schedule, context);
  for (const command of schedule.commands) command.copyInheritedSettings(program);
}

interface CreateOptions extends Options, InputOptions {
  readonly name: string;
  readonly cron: string;
  readonly timeZone?: string;
  readonly overlap?: string;
  readonly catchUp?: string;
  readonly catchUpWindow?: string;
  readonly until?: string;
  readonly paused?: boolean;
  readonly planHash?: string;
  readonly label?: readonly string[];
}

function registerCreate(schedule: Command, context: Context): void {
  withConnection(withOutput(withInputs(schedule.command('create <pack>')), 'json'))
    .description('run a pack by the clock, always as it is planned now')
    .requiredOption('--name <name>', 'its name, unique in the tenant')
    .requiredOption('--cron <expression>', 'minute, hour, day of month, month, day of week; or @daily and the like')
    .option('--time-zone <name>', 'IANA time zone, such as Europe/Berlin; else UTC')
    .addOption(new Option('--overlap <rule>', 'while a run is under way; else forbid').choices([...OVERLAP]))
    .addOption(new Option('--catch-up <rule>', 'of ticks that were missed; else none').choices([...CATCH_UP]))
    .option('--catch-up-window <duration>', 'how old a missed tick may be, such as 6h')
    .option('--until <time>', 'the last moment at which it may tick, such as 2027-01-31T00:00:00Z')
    .option('--paused', 'do not tick yet')
    .option('--plan-hash <hash|file>', 'exactly this plan or nothing: a hash, or the JSON of `taskrunner plan`')
    .option('--label <name=value>', 'a label of its runs', several)
    .action((argument: string, options: CreateOptions) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const { source } = await packAt(argument);
        const { planHash } = await readPin(options.planHash);
        const { name, cron, timeZone, overlap, catchUp, catchUpWindow, until, paused } = options;
        const { body } = await client.ask('/api/schedules', {
          method: 'POST',
          body: {
            ...(await requestOf(client, argument, source, options, context)),
            labels: labelsOf(options.label ?? []),
            ...{ name, cron, timeZone, overlap, catchUp, catchUpWindow, until, paused },
            ...(planHash === null ? {} : { planHash }),
          },
        });
        print(context, options, body as unknown as ScheduleView);
        return EXIT.OK;
      }, argument),
    );
}

function registerViews(schedule: Command, context: Context): void {
  withConnection(withOutput(schedule.command('list'), 'json'))
    .description('schedules, newest first')
    .action((options: Options) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const items = await listAll<ScheduleView>(client, '/api/schedules', { limit: 200 });
        if (options.output === 'json') context.terminal.print(JSON.stringify({ items }));
        else for (const one of items) context.terminal.print(lineOf(one));
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(schedule.command('show <schedule>'), 'json'))
    .description('a schedule, by id or name, and what became of its last ticks')
    .option('--ticks <count>', 'at most so many', '10')
    .action((supplied: string, options: Options & { readonly ticks: string }) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const id = await scheduleId(client, supplied);
        const most = Math.max(1, Number(options.ticks) || 10);
        const shown = await getSchedule(client, id);
        const query = { limit: Math.min(most, 200) };
        const ticks = await listAll<TickView>(client, schedulePath(id, '/ticks'), query, most);
        if (options.output === 'json') context.terminal.print(JSON.stringify({ ...shown, ticks }));
        else for (const line of [...linesOf(shown), ...ticks.map(tickLine)]) context.terminal.print(safeLine(line));
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(schedule.command('next <schedule>'), 'json'))
    .description('the ticks to come')
    .option('--count <count>', 'how many, up to 100', '5')
    .action((supplied: string, options: Options & { readonly count: string }) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const path = schedulePath(await scheduleId(client, supplied), '/next');
        const { body } = await client.ask(path, { query: { count: options.count } });
        const { ticks } = body as unknown as {
          readonly ticks: readonly { readonly at: string; readonly local: string }[];
        };
        if (options.output === 'json') context.terminal.print(JSON.stringify(body));
        else for (const { at, local } of ticks) context.terminal.print(safeLine(`${at}  ${local}`));
        return EXIT.OK;
      }),
    );
}

interface ResumeOptions extends Options {
  readonly planHash?: string;
  readonly profileDigest?: string;
}

function registerEdits(schedule: Command, context: Context): void {
  const edit = (options: Options, supplied: string, body: object) =>
    context.run(async () => {
      const client = await connect(options, context.env);
      print(context, options, await editSchedule(client, await scheduleId(client, supplied), body));
      return EXIT.OK;
    });
  withConnection(withOutput(schedule.command('pause <schedule>'), 'json'))
    .description('let it tick no more until it is resumed')
    .action((supplied: string, options: Options) => edit(options, supplied, { paused: true }));
  withConnection(withOutput(schedule.command('resume <schedule>'), 'json'))
    .description('let it tick again, from the next tick on; after a stop with both digests of what it runs now')
    .option('--plan-hash <hash>', 'the plan that it runs from now on')
    .option('--profile-digest <digest>', 'the profile that it runs under from now on')
    .action((supplied: string, options: ResumeOptions) => {
      const { planHash, profileDigest } = options;
      return edit(options, supplied, { paused: false, planHash, profileDigest });
    });
  withConnection(withOutput(schedule.command('delete <schedule>'), 'json'))
    .description('remove it and its history; its runs stay')
    .action((supplied: string, options: Options) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const { body } = await client.ask(schedulePath(await scheduleId(client, supplied)), { method: 'DELETE' });
        const gone = body as unknown as ScheduleView;
        context.terminal.print(
          options.output === 'json' ? JSON.stringify(body) : safeLine(`removed ${gone.scheduleId} ${gone.name}`),
        );
        return EXIT.OK;
      }),
    );
}

function print({ terminal }: Context, { output }: Options, schedule: ScheduleView): void {
  if (output === 'json') terminal.print(JSON.stringify(schedule));
  else for (const line of linesOf(schedule)) terminal.print(safeLine(line));
}

function lineOf({ scheduleId: id, status, name, cron, timeZone, nextTick, pack }: ScheduleView): string {
  return safeLine(
    `${id}  ${status.padEnd(7)} ${nextTick ?? '-'}  ${cron} ${timeZone}  ${pack.name} ${pack.version}  ${name}`,
  );
}

function linesOf(schedule: ScheduleView): readonly string[] {
  const { stopped, pack, creator, editor } = schedule;
  return [
    `${schedule.scheduleId} ${schedule.name}: ${schedule.status}`,
    `${schedule.cron} ${schedule.timeZone}, next ${schedule.nextTick ?? 'never'}, until ${schedule.until ?? 'for ever'}`,
    `overlap ${schedule.overlap}, catch-up ${schedule.catchUp} within ${schedule.catchUpWindow}`,
    `${pack.name} ${pack.version}, by ${creator.name}, last edited by ${editor.name}`,
    `plan ${schedule.planHash}`,
    `profile ${schedule.profileDigest}`,
    ...(stopped ? [`stopped at the tick of ${stopped.tick}: ${stopped.code} ${stopped.message}`] : []),
    ...(stopped?.found ? [`now plan ${stopped.found.planHash}`, `now profile ${stopped.found.profileDigest}`] : []),
  ];
}

function tickLine({ tick, lastTick, count, outcome, reason, runId }: TickView): string {
  const which = count === 1 ? tick : `${tick} to ${lastTick} (${count})`;
  return `${which}  ${outcome} ${runId ?? reason ?? ''}`;
}
