import { numberOf } from '../number-option';
import type { Schedule, ScheduleTick } from '@taskrunner/client';
import { CATCH_UP, OVERLAP } from '@taskrunner/core/schedule';
import { Option, type Command } from 'commander';
import type { InputOptions } from '../../packs/input-arguments';
import { connect, withConnection } from '../../server/connection';
import { scheduleIdOf } from '../../server/schedule-argument';
import { EXIT } from '../../terminal/exit-code';
import { scheduleColumns } from '../../lists/list-columns';
import type { Context } from '../context';
import { printAs, printList, several, withInputs, withOutput, type ServerOptions } from '../options';
import { inputRules, labelsOf, packAt, readPin, requestOf } from './run.command';

/** `schedule create|list|show|next|pause|resume|delete`. */
export function registerSchedules(program: Command, context: Context): void {
  const schedule = program.command('schedule').description('run packs on a schedule');
  registerCreate(schedule, context);
  registerViews(schedule, context);
  registerEdits(schedule, context);
  for (const command of schedule.commands) command.copyInheritedSettings(program);
}

interface CreateOptions extends ServerOptions, InputOptions {
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
  withConnection(withOutput(withInputs(schedule.command('create <pack>'))))
    .description('create a schedule for a pack; its current plan is pinned')
    .requiredOption('--name <name>', 'name of the schedule, unique in the tenant')
    .requiredOption(
      '--cron <expression>',
      'minute, hour, day of month, month and day of week, or a macro such as @daily',
    )
    .option('--time-zone <name>', 'IANA time zone, such as Europe/Berlin (default: UTC)')
    .addOption(
      new Option('--overlap <rule>', 'what a tick does while a run is in progress (default: forbid)').choices([
        ...OVERLAP,
      ]),
    )
    .addOption(
      new Option('--catch-up <rule>', 'which missed ticks are run later (default: none)').choices([...CATCH_UP]),
    )
    .option('--catch-up-window <duration>', 'maximum age of a missed tick, such as 6h')
    .option('--until <time>', 'time of the last possible tick, such as 2027-01-31T00:00:00Z')
    .option('--paused', 'create the schedule paused')
    .option(
      '--plan-hash <hash|file>',
      'create the schedule only if the plan has this hash: a hash, or a file with the JSON output of `taskrunner plan`',
    )
    .option('--label <name=value>', 'label of each run of the schedule', several)
    .action((argument: string, options: CreateOptions) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const { source } = await packAt(argument);
        const { planHash } = await readPin(options.planHash);
        const { name, cron, timeZone, overlap, catchUp, catchUpWindow, until, paused } = options;
        const rules = await inputRules(server, argument, source);
        const created = await server.createSchedule({
          ...(await requestOf(server, argument, source, options, context, rules)),
          labels: labelsOf(options.label ?? []),
          ...{ name, cron, timeZone, overlap, catchUp, catchUpWindow, until, paused },
          ...(planHash === null ? {} : { planHash }),
        });
        printAs(context, options, created, () => linesOf(created));
        return EXIT.OK;
      }, argument),
    );
}

function registerViews(schedule: Command, context: Context): void {
  withConnection(withOutput(schedule.command('list')))
    .description('list schedules, newest first')
    .action((options: ServerOptions) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const items = await server.schedules();
        printList(context, options, { items, columns: scheduleColumns(Date.now()), none: 'no schedules' });
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(schedule.command('show <schedule>')))
    .description('show a schedule, by id or name, and the outcome of its last ticks')
    .option('--ticks <count>', 'maximum number of entries', '10')
    .action((supplied: string, options: ServerOptions & { readonly ticks: string }) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const id = await scheduleIdOf(server, supplied);
        const most = numberOf('--ticks', options.ticks, { least: 1 });
        const shown = await server.schedule(id);
        const ticks = await server.ticks(id, most);
        printAs(context, options, { ...shown, ticks }, () => [...linesOf(shown), ...ticks.map(tickLine)]);
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(schedule.command('next <schedule>')))
    .description('show upcoming ticks')
    .option('--count <count>', 'number of ticks, up to 100', '5')
    .action((supplied: string, options: ServerOptions & { readonly count: string }) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const id = await scheduleIdOf(server, supplied);
        const upcoming = await server.nextTicks(id, options.count);
        printAs(context, options, upcoming, () => upcoming.ticks.map(({ at, local }) => `${at}  ${local}`));
        if (upcoming.ticks.length === 0) {
          context.terminal.say('no upcoming ticks: the schedule is paused, stopped or over');
          context.terminal.say(`help: See it with: taskrunner schedule show ${id}`);
        }
        return EXIT.OK;
      }),
    );
}

interface ResumeOptions extends ServerOptions {
  readonly planHash?: string;
  readonly profileDigest?: string;
}

function registerEdits(schedule: Command, context: Context): void {
  const edit = (options: ServerOptions, supplied: string, body: object) =>
    context.run(async () => {
      const server = await connect(options, context.env);
      const edited = await server.editSchedule(await scheduleIdOf(server, supplied), body);
      printAs(context, options, edited, () => linesOf(edited));
      return EXIT.OK;
    });
  withConnection(withOutput(schedule.command('pause <schedule>')))
    .description('pause a schedule until it is resumed')
    .action((supplied: string, options: ServerOptions) => edit(options, supplied, { paused: true }));
  withConnection(withOutput(schedule.command('resume <schedule>')))
    .description(
      'resume a schedule from its next tick; to resume a stopped schedule, pass --plan-hash and --profile-digest',
    )
    .option('--plan-hash <hash>', 'hash of the plan to run from now on')
    .option('--profile-digest <digest>', 'digest of the profile to use from now on')
    .action((supplied: string, options: ResumeOptions) => {
      const { planHash, profileDigest } = options;
      return edit(options, supplied, { paused: false, planHash, profileDigest });
    });
  withConnection(withOutput(schedule.command('delete <schedule>')))
    .description('delete a schedule and its history; its runs are kept')
    .action((supplied: string, options: ServerOptions) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const removed = await server.deleteSchedule(await scheduleIdOf(server, supplied));
        printAs(context, options, removed, () => [`removed ${removed.scheduleId} ${removed.name}`]);
        return EXIT.OK;
      }),
    );
}

function linesOf(schedule: Schedule): readonly string[] {
  const { stopped, pack, creator, editor } = schedule;
  return [
    `${schedule.scheduleId} ${schedule.name}: ${schedule.status}`,
    `${schedule.cron} ${schedule.timeZone}, next ${schedule.nextTick ?? 'never'}, until ${schedule.until ?? 'no end'}`,
    `overlap ${schedule.overlap}, catch-up ${schedule.catchUp} within ${schedule.catchUpWindow}`,
    `${pack.name} ${pack.version}, by ${creator.name}, last edited by ${editor.name}`,
    `plan ${schedule.planHash}`,
    `profile ${schedule.profileDigest}`,
    ...(stopped ? [`stopped at the tick of ${stopped.tick}: ${stopped.code} ${stopped.message}`] : []),
    ...(stopped?.found ? [`now plan ${stopped.found.planHash}`, `now profile ${stopped.found.profileDigest}`] : []),
  ];
}

function tickLine({ tick, lastTick, count, outcome, reason, runId }: ScheduleTick): string {
  const which = count === 1 ? tick : `${tick} to ${lastTick} (${count})`;
  return `${which}  ${outcome} ${runId ?? reason ?? ''}`;
}
