import type { Type } from '@nestjs/common';
import { ReleaseBody } from '../evidence/release.body';
import { ApproveBody } from '../gates/approve.body';
import { ResolveBody } from '../gates/resolve.body';
import { PublishPackBody } from '../packs/publish-pack.body';
import { DiffBody, GraphBody, ScenariosBody } from '../plans/comparison.body';
import type { PackBody } from '../plans/pack-body';
import { toPackPair, toPackRequest, toPublication, toSimulation } from '../plans/pack-request';
import { PlanBody, SimulationBody } from '../plans/plan.body';
import { CancelRunBody } from '../runs/cancel-run.body';
import { RerunBody } from '../runs/rerun.body';
import { SubmitRunBody } from '../runs/submit-run.body';
import { ScheduleBody, ScheduleEditBody } from '../schedules/schedule.body';
import type { HasParts } from './validated';

/**
 * A kind of body: its class, whether it may be as large as a pack with its inputs, whether it may be absent (which counts as `{}`), and the
 * value that a route receives.
 */
interface BodyKind<Dto extends object, Value> {
  readonly type: Type<Dto> & HasParts;
  readonly bringsPack: boolean;
  readonly isOptional?: boolean;
  /** True: the route takes an `Idempotency-Key`. */
  readonly isKeyed?: boolean;
  /** Large parts are returned as texts and bytes. */
  readonly read: (dto: Dto, mostBeside: number) => Value;
}

/** A small body, unchanged. */
const small = <Dto extends object>(type: Type<Dto>): BodyKind<Dto, Dto> => ({
  type,
  bringsPack: false,
  read: (dto) => dto,
});

const withPack = <Dto extends object, Value>(
  type: Type<Dto>,
  read: (dto: Dto, mostBeside: number) => Value,
): BodyKind<Dto, Value> => ({ type, bringsPack: true, read });

const planned = <Dto extends PackBody>(type: Type<Dto>) => withPack(type, toPackRequest<Dto>);

/** All JSON bodies of the API, by the names that threads use. */
export const BODIES = {
  submitRun: { ...planned(SubmitRunBody), isKeyed: true },
  planPack: planned(PlanBody),
  simulatePack: withPack(SimulationBody, toSimulation),
  diffPlans: withPack(DiffBody, toPackPair),
  drawPlan: planned(GraphBody),
  testPack: planned(ScenariosBody),
  publishPack: withPack(PublishPackBody, toPublication),
  cancelRun: { ...small(CancelRunBody), isOptional: true },
  rerunRun: { ...small(RerunBody), isKeyed: true },
  decide: small(ApproveBody),
  resolveAttention: small(ResolveBody),
  releaseEvidence: small(ReleaseBody),
  createSchedule: small(ScheduleBody),
  editSchedule: small(ScheduleEditBody),
};

export type BodyName = keyof typeof BODIES;
/** The value that a route receives for a body. */
export type BodyOf<Name extends BodyName> = ReturnType<(typeof BODIES)[Name]['read']>;
