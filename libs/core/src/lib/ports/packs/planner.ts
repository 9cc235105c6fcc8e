import { CodedError } from '../../foundation/coded-error';

/** Why a planner gives no answer. */
export type PlannerErrorCode =
  /** The work needs more time or memory than callers' packs may have. */
  | 'PLAN_LIMIT'
  /** Too many packs wait; later there is room. */
  | 'PLANNER_BUSY'
  /** The planner cannot work: no fault of the pack. */
  | 'PLANNER_UNAVAILABLE';

/** Work that was not done. */
export class PlannerError extends CodedError<PlannerErrorCode> {
  static {
    this.brand('PlannerError');
  }

  override readonly name = 'PlannerError';
}

/** What planning of callers' packs may take. */
export interface PlanningLimits {
  /** Heap of one thread. Bytes. */
  readonly memory: number;
  /** One piece of work. Milliseconds. */
  readonly time: number;
  /** Pieces of work at the same time. */
  readonly threads: number;
  /** Pieces of work that wait. */
  readonly queue: number;
}

/** Kinds of work by name. Question and answer are data: they may cross a thread, so they hold no functions. */
export type WorkKinds<W> = { readonly [Kind in keyof W]: { readonly asked: unknown; readonly answer: unknown } };

/**
 * Does pure work on packs of strangers, which may be heavy: elsewhere, within limits. What comes back is what the same work gives
 * here. Rejects with `PlannerError`.
 */
export abstract class Planner<W extends WorkKinds<W>> {
  /** `tenant`: whose work it is; none takes the turns of the others. */
  abstract ask<Kind extends keyof W & string>(
    tenant: string,
    kind: Kind,
    asked: W[Kind]['asked'],
  ): Promise<W[Kind]['answer']>;
}
