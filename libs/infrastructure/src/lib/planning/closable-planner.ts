import type { PlanningContext, PlanningWork } from '@taskrunner/core/operations';
import { Planner, type PlanningLimits } from '@taskrunner/core/ports';
import { PlanningHere } from './planning-here';
import { PlanningThreads } from './planning-threads';

/**
 * Where packs are planned. `threads`: in threads with limits of time and memory, for packs of anybody. `here`: in the thread of the caller, for
 * packs of the person who runs this process.
 */
export type PlanningPlace = 'threads' | 'here';

/** A planner that is closed with its application. */
export abstract class ClosablePlanner extends Planner<PlanningWork> {
  abstract close(): Promise<void>;
}

export function openPlanner(place: PlanningPlace, context: PlanningContext, limits: PlanningLimits): ClosablePlanner {
  return place === 'here' ? new PlanningHere(context, limits) : new PlanningThreads(context, limits);
}
