import { PartialType } from '@nestjs/mapped-types';
import type { Digest, Fault } from '@taskrunner/core/foundation';
import type { PackSource, ScheduleEdit, ScheduleExpectation, WantedSchedule } from '@taskrunner/core/operations';
import { parseDuration } from '@taskrunner/core/pack';
import { CATCH_UP, OVERLAP, type CatchUp, type Overlap, type Timing } from '@taskrunner/core/schedule';
import { IsBoolean, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { ApiPartOf, ApiProperty } from '../openapi/described';
import { PackBody, PackFileBody, packTogether } from '../plans/pack-body';
import { DigestText, Labels, rule, MayBeAbsent } from '../requests/rules';
import { fault } from '../requests/validated';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

const IsInstant = rule(
  'isInstant',
  'until must be a time with an offset, such as 2027-01-31T00:00:00Z',
  (value) => typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value)),
);
const IsDuration = rule(
  'isDuration',
  'catchUpWindow must be a duration such as 30m, 6h, 7d or PT6H',
  (value) => typeof value === 'string' && parseDuration(value) !== null,
);

/** `POST /api/schedules`. */
export class ScheduleBody extends PackBody {
  static override together(body: Readonly<Record<string, unknown>>): readonly Fault[] {
    return [...unsigned(body), ...packTogether(body)];
  }

  @ApiProperty({ description: 'Unique in the tenant.', maxLength: 128, example: 'nightly-scan' })
  @IsString()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._ -]{0,127}$/, {
    message: 'name must be 1 to 128 letters, digits, spaces, ., _ and -, and must begin with a letter or digit',
  })
  name!: string;

  @ApiProperty({
    description: 'Minute, hour, day of month, month and day of week; or @hourly, @daily, @weekly, @monthly or @yearly.',
    maxLength: 256,
    example: '30 2 * * MON-FRI',
  })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  cron!: string;

  @ApiProperty({ required: false, default: 'UTC', description: 'IANA time zone.', example: 'Europe/Berlin' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(64)
  timeZone?: string;

  @ApiProperty({
    required: false,
    enum: OVERLAP,
    default: 'forbid',
    description:
      'Behaviour of a tick while runs of the schedule are in progress. `allow`: start another run. `forbid`: skip the tick. `replace`: cancel these runs and start a new one.',
  })
  @MayBeAbsent()
  @IsIn(OVERLAP)
  overlap?: Overlap;

  @ApiProperty({
    required: false,
    enum: CATCH_UP,
    default: 'none',
    description: 'Which missed ticks within the window are run later: `none`, the `latest`, or `all`.',
  })
  @MayBeAbsent()
  @IsIn(CATCH_UP)
  catchUp?: CatchUp;

  @ApiProperty({
    required: false,
    type: String,
    description: 'Maximum age of a missed tick that is run later. The default is the maximum of the installation.',
    example: '6h',
  })
  @MayBeAbsent()
  @IsDuration()
  catchUpWindow?: string;

  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    format: 'date-time',
    description: 'Time of the last possible tick; null: no end.',
  })
  @IsOptional()
  @IsInstant()
  until?: string | null;

  @ApiProperty({
    required: false,
    default: false,
    description: 'Whether the schedule is paused. A paused schedule does not tick.',
  })
  @MayBeAbsent()
  @IsBoolean()
  paused?: boolean;

  @Labels('Labels of the runs of the schedule.')
  labels?: Record<string, string>;

  @DigestText('Expected plan hash. The request is refused if the plan has another hash.', { required: false })
  planHash?: Digest;

  @DigestText('Expected profile digest. The request is refused if the profile has another digest.', {
    required: false,
  })
  profileDigest?: Digest;
}

/** `PATCH /api/schedules/{id}`: absent members stay unchanged. Null counts as a value, as in `ScheduleBody`; by default it would count as absent. */
@ApiPartOf(ScheduleBody)
export class ScheduleEditBody extends PartialType(ScheduleBody, { skipNullProperties: false }) {
  static readonly parts: Readonly<Record<string, new () => object>> = { files: PackFileBody };

  static together(body: Readonly<Record<string, unknown>>): readonly Fault[] {
    const { manifest, pack, bundle, files } = body;
    if (manifest !== undefined || pack !== undefined || bundle !== undefined)
      return [...unsigned(body), ...packTogether(body)];
    const problem = 'files can be sent only together with manifest.';
    const remedy = 'Send manifest too. Both are replaced together.';
    return [...unsigned(body), ...(files === undefined ? [] : [fault('/files', problem, remedy)])];
  }
}

function unsigned({ signatures }: Readonly<Record<string, unknown>>): readonly Fault[] {
  if (signatures === undefined) return [];
  const remedy = 'Publish the pack, and refer to it in pack.';
  return [fault('/signatures', 'A schedule does not store signatures.', remedy)];
}

/** The schedule in a body. */
export function toWanted(body: ScheduleBody, source: PackSource, catchUpWindowMs: number): WantedSchedule {
  return {
    name: body.name,
    timing: {
      cron: body.cron,
      timeZone: body.timeZone ?? 'UTC',
      overlap: body.overlap ?? 'forbid',
      catchUp: body.catchUp ?? 'none',
      catchUpWindowMs: body.catchUpWindow == null ? catchUpWindowMs : (parseDuration(body.catchUpWindow) ?? 0),
      until: body.until == null ? null : Date.parse(body.until),
    },
    source,
    inputs: body.inputs ?? {},
    labels: body.labels ?? {},
    paused: body.paused ?? false,
  };
}

/** The changes in a body; `source` is its pack. */
export function toEdit(body: ScheduleEditBody, source: PackSource | null): ScheduleEdit {
  const { name, inputs, labels, paused } = body;
  const timing = timingOf(body);
  return {
    ...(name === undefined ? {} : { name }),
    ...(source === null ? {} : { source }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(labels === undefined ? {} : { labels }),
    ...(paused === undefined ? {} : { paused }),
    ...(Object.keys(timing).length === 0 ? {} : { timing }),
  };
}

/** The expectations in a body. */
export function toExpectation(body: ScheduleEditBody, revision: number | null): ScheduleExpectation {
  return { planHash: body.planHash ?? null, profileDigest: body.profileDigest ?? null, revision };
}

/** The pack in a checked body; null if there is none. */
export function packOfSchedule(body: ScheduleEditBody): PackBody | null {
  const { manifest, pack, bundle } = body;
  return manifest === undefined && pack === undefined && bundle === undefined ? null : body;
}

function timingOf({ cron, timeZone, overlap, catchUp, catchUpWindow, until }: ScheduleEditBody): Partial<Timing> {
  return {
    ...(cron === undefined ? {} : { cron }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(catchUp === undefined ? {} : { catchUp }),
    ...(catchUpWindow === undefined ? {} : { catchUpWindowMs: parseDuration(catchUpWindow) ?? 0 }),
    ...(until === undefined ? {} : { until: until === null ? null : Date.parse(until) }),
  };
}
