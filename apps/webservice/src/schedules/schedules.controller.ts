import { Controller, Delete, Get, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { isScheduleId, type ScheduleId } from '@taskrunner/core/foundation';
import { KeepSchedules, scheduleNotFound, SignedSchedules } from '@taskrunner/core/operations';
import { Calendar } from '@taskrunner/core/ports';
import { tickAfter, type Schedule } from '@taskrunner/core/schedule';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { SchedulerSetting } from '../configuration';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { sentPackOf } from '../plans/pack-request';
import { PublicUrl } from '../public-url';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { Pages } from '../requests/paging/pages';
import { readQuery, whole } from '../requests/paging/query';
import { requestInvalid } from '../requests/validated';
import { instant } from '../runs/run-view';
import { localTime, toSchedule, toTickView } from './schedule-view';
import { packOfSchedule, ScheduleBody, ScheduleEditBody, toEdit, toExpectation, toWanted } from './schedule.body';
import { ScheduleIdPipe } from './schedule-id.pipe';
import { INTAKE_CODES, PackIntake, PLANNER_CODES, TRUST_CODES } from '../packs/pack-intake';

const PAGES = new Pages('items');
const OF_PACKS = [
  'PACK_INVALID',
  'PLAN_INVALID',
  'PLAN_HASH_MISMATCH',
  'PROFILE_MISMATCH',
  'OBJECT_TOO_LARGE',
  ...PLANNER_CODES,
  ...INTAKE_CODES,
  ...TRUST_CODES,
] as const;

@ApiTags('schedules')
@Controller('api/schedules')
export class SchedulesController {
  constructor(
    private readonly keep: KeepSchedules,
    private readonly intake: PackIntake,
    private readonly schedules: SignedSchedules,
    private readonly calendar: Calendar,
    private readonly setting: SchedulerSetting,
    private readonly url: PublicUrl,
  ) {}

  @Post()
  @Operation({
    id: 'createSchedule',
    summary: 'Create a schedule for a pack',
    description:
      'The pack is planned when the schedule is created. The schedule is pinned to this plan hash and profile digest. If the plan or the profile differs at a tick, no run starts and the schedule stops. The creator, the last editor and the author are initiators of every run, so they cannot decide at its gates.',
    scopes: ['packs.run'],
    limit: 'submit',
    body: { type: ScheduleBody, example: EXAMPLES.scheduleCreation },
    answers: [
      {
        status: 201,
        description: 'The schedule.',
        schema: ref('Schedule'),
        example: EXAMPLES.schedule,
        headers: { Location: 'The schedule.', ETag: 'Revision of the schedule.' },
      },
    ],
    codes: [...OF_PACKS, 'SCHEDULE_INVALID', 'SCHEDULE_NAME_TAKEN', 'SCHEDULE_LIMIT'],
  })
  async create(
    @Caller() { principal }: Caller,
    @JsonBody('createSchedule') { value }: BodyFor<'createSchedule'>,
    @Res() response: Response,
  ) {
    const { source } = await this.intake.take(principal.tenant, sentPackOf(packOfSchedule(value) ?? value));
    const wanted = toWanted(value, source, this.setting.catchUpWindow);
    const schedule = await this.keep.create(principal, wanted, toExpectation(value, null));
    response.setHeader('Location', this.url.schedule(schedule.scheduleId));
    this.answer(response, 201, schedule);
  }

  @Get()
  @Operation({
    id: 'listSchedules',
    summary: 'List the schedules of the tenant, newest first',
    scopes: ['packs.run'],
    limit: 'read',
    query: PAGES.query,
    answers: [Pages.answer('Schedule', EXAMPLES.schedule)],
    codes: [],
  })
  async list(@Caller() { principal }: Caller, @Req() request: Request) {
    const { tenant } = principal;
    const { items, nextCursor } = await PAGES.read(
      readQuery(request, PAGES.parameters),
      ['schedules', tenant],
      (id, limit) => this.schedules.list(tenant, limit, id !== null && isScheduleId(id) ? id : null),
      ({ scheduleId }) => scheduleId,
    );
    return { items: items.map((one) => toSchedule(one, this.url)), nextCursor };
  }

  @Get(':scheduleId')
  @Operation({
    id: 'getSchedule',
    summary: 'Get a schedule, and the reason if it has stopped',
    scopes: ['packs.run'],
    limit: 'read',
    answers: [
      {
        status: 200,
        description: 'The schedule.',
        schema: ref('Schedule'),
        example: EXAMPLES.schedule,
        headers: { ETag: 'Revision of the schedule.' },
      },
    ],
    codes: ['SCHEDULE_NOT_FOUND', 'SCHEDULE_ALTERED'],
  })
  async get(
    @Caller() { principal }: Caller,
    @Param('scheduleId', ScheduleIdPipe) scheduleId: ScheduleId,
    @Res() response: Response,
  ) {
    const schedule = await this.schedules.find(principal.tenant, scheduleId);
    if (!schedule) throw scheduleNotFound();
    this.answer(response, 200, schedule);
  }

  @Patch(':scheduleId')
  @Operation({
    id: 'editSchedule',
    summary: 'Edit, pause or resume a schedule',
    description:
      'Omitted fields are not changed. `manifest` and `files` are replaced together. Every edit except a pause plans the pack again, pins the new plan and makes the caller the last editor. An edit that changes nothing, such as `{}`, is answered with the schedule as it is: revision and last editor remain, and the audit chain gets no entry. `paused: false` resumes a stopped schedule if the request contains the current `planHash` and `profileDigest`.',
    scopes: ['packs.run'],
    limit: 'submit',
    body: { type: ScheduleEditBody, example: EXAMPLES.scheduleEdit },
    headers: {
      'If-Match':
        'ETag of the schedule that the client has. The request is refused if the schedule was edited in the meantime.',
    },
    answers: [
      {
        status: 200,
        description: 'The schedule after the edit.',
        schema: ref('Schedule'),
        example: { ...EXAMPLES.schedule, cron: '0 3 * * MON-FRI', revision: 2 },
        headers: { ETag: 'Revision of the schedule.' },
      },
    ],
    codes: [
      ...OF_PACKS,
      'SCHEDULE_NOT_FOUND',
      'SCHEDULE_INVALID',
      'SCHEDULE_NAME_TAKEN',
      'SCHEDULE_CHANGED',
      'SCHEDULE_ALTERED',
      'SCHEDULE_UNCONFIRMED',
      'OBJECT_MISSING',
      'OBJECT_DIGEST_MISMATCH',
    ],
  })
  async edit(
    @Caller() { principal }: Caller,
    @Param('scheduleId', ScheduleIdPipe) scheduleId: ScheduleId,
    @JsonBody('editSchedule') { value }: BodyFor<'editSchedule'>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const expected = toExpectation(value, revisionOf(request));
    const pack = packOfSchedule(value);
    const source = pack && (await this.intake.take(principal.tenant, sentPackOf(pack))).source;
    this.answer(response, 200, await this.keep.edit(principal, scheduleId, toEdit(value, source), expected));
  }

  @Delete(':scheduleId')
  @Operation({
    id: 'deleteSchedule',
    summary: 'Delete a schedule and its history; its runs are kept',
    scopes: ['packs.run'],
    limit: 'submit',
    answers: [
      {
        status: 200,
        description: 'The schedule before the deletion.',
        schema: ref('Schedule'),
        example: EXAMPLES.schedule,
        headers: { ETag: 'Revision of the schedule.' },
      },
    ],
    codes: ['SCHEDULE_NOT_FOUND'],
  })
  async remove(
    @Caller() { principal }: Caller,
    @Param('scheduleId', ScheduleIdPipe) scheduleId: ScheduleId,
    @Res() response: Response,
  ) {
    this.answer(response, 200, await this.keep.remove(principal, scheduleId));
  }

  @Get(':scheduleId/ticks')
  @Operation({
    id: 'listTicks',
    summary: 'List the outcomes of the ticks of a schedule, newest first',
    description:
      'Consecutive ticks that were skipped for the same reason are one item with a count. An item that was altered in the database has the reason `SCHEDULE_ALTERED` and no run.',
    scopes: ['packs.run'],
    limit: 'read',
    query: PAGES.query,
    answers: [Pages.answer('ScheduleTick', EXAMPLES.scheduleTick)],
    codes: ['SCHEDULE_NOT_FOUND', 'SCHEDULE_ALTERED'],
  })
  async ticks(
    @Caller() { principal }: Caller,
    @Param('scheduleId', ScheduleIdPipe) scheduleId: ScheduleId,
    @Req() request: Request,
  ) {
    const { tenant } = principal;
    const { items, nextCursor } = await PAGES.read(
      readQuery(request, PAGES.parameters),
      ['ticks', tenant, scheduleId],
      async (before, limit) => {
        const ticks = await this.schedules.ticks(tenant, scheduleId, limit, before === null ? null : Number(before));
        if (ticks === null) throw scheduleNotFound();
        return ticks;
      },
      ({ first }) => String(first),
    );
    return { items: items.map((one) => toTickView(one, this.url)), nextCursor };
  }

  @Get(':scheduleId/next')
  @Operation({
    id: 'nextTicks',
    summary: 'List upcoming ticks, in UTC and in the time zone of the schedule',
    scopes: ['packs.run'],
    limit: 'read',
    query: {
      count: { description: 'Number of ticks.', schema: { type: 'integer', minimum: 1, maximum: 100, default: 5 } },
    },
    answers: [{ status: 200, description: 'The ticks.', schema: ref('UpcomingTicks'), example: EXAMPLES.upcoming }],
    codes: ['SCHEDULE_NOT_FOUND', 'SCHEDULE_ALTERED'],
  })
  async next(
    @Caller() { principal }: Caller,
    @Param('scheduleId', ScheduleIdPipe) scheduleId: ScheduleId,
    @Req() request: Request,
  ) {
    const { count } = readQuery(request, { count: whole(1, 100) });
    const schedule = await this.schedules.find(principal.tenant, scheduleId);
    if (!schedule) throw scheduleNotFound();
    const { timing, stopped, paused } = schedule;
    const { cron, timeZone } = timing;
    const ticks: { readonly at: string; readonly local: string }[] = [];
    let at = stopped || paused ? null : schedule.next;
    while (at !== null && ticks.length < (count ?? 5)) {
      ticks.push({ at: instant(at), local: localTime(at, timeZone) });
      at = tickAfter(timing, (ms) => this.calendar.nextAfter(cron, timeZone, ms), at);
    }
    return { timeZone, ticks };
  }

  private answer(response: Response, status: number, schedule: Schedule): void {
    const body = toSchedule(schedule, this.url, schedule.inputs);
    response.status(status).setHeader('ETag', `"r${schedule.revision}"`).json(body);
  }
}

function revisionOf(request: Request): number | null {
  const tag = request.get('if-match');
  if (tag === undefined || tag === '*') return null;
  const revision = /^"r(\d{1,9})"$/.exec(tag)?.[1];
  if (revision !== undefined) return Number(revision);
  throw requestInvalid('/If-Match', 'If-Match must be the ETag of the schedule, such as "r1".');
}
