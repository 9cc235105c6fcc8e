import { CodedError } from '../../foundation/coded-error';

/** Error codes of a planner. */
export type PlannerErrorCode =
  /** The work needs more time or memory than is allowed for callers' packs. */
  | 'PLAN_LIMIT'
  /** Too many packs are waiting, or the machine is too busy; a later request may succeed. */
  | 'PLANNER_BUSY'
  /** The planner cannot work. This is not a fault of the pack. */
  | 'PLANNER_UNAVAILABLE';

/** An error about work that was not done. */
export class PlannerError extends CodedError<PlannerErrorCode> {
  static {
    this.brand('PlannerError');
  }

  override readonly name = 'PlannerError';
}

/** Resource limits for planning callers' packs. */
export interface PlanningLimits {
  /** Heap of one thread, bytes. */
  readonly memory: number;
  /** Processor time of one task, milliseconds; wall time where the platform does not count it. */
  readonly time: number;
  /** Number of concurrent tasks. */
  readonly threads: number;
  /** Number of waiting tasks. */
  readonly queue: number;
}

/** Tasks by name. Parameters and results are data without functions, so that they can be passed between threads. */
export type WorkKinds<W> = { readonly [Kind in keyof W]: { readonly asked: unknown; readonly answer: unknown } };

/**
 * Runs pure, possibly expensive tasks on untrusted packs in another thread, within limits. The result is the same as in this thread.
 * Rejects with `PlannerError`.
 */
export abstract class Planner<W extends WorkKinds<W>> {
  /** `tenant`: owner of the task. Each tenant has its own turns. */
  abstract ask<Kind extends keyof W & string>(
    tenant: string,
    kind: Kind,
    asked: W[Kind]['asked'],
  ): Promise<W[Kind]['answer']>;
}
