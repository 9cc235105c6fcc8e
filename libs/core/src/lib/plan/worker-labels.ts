import type { PlanIndex } from './plan-index';

/**
 * Labels that a worker must have to drive a run of the plan, sorted. They are those of all its steps, because one worker drives them all.
 */
export function workerLabels({ nodes }: Pick<PlanIndex, 'nodes'>): readonly string[] {
  return [...new Set([...nodes.values()].flatMap(({ node }) => node.workers))].sort();
}
