import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { bodyOf, type Run, type Step, type StepCounts } from '@taskrunner/client';
import { useServices } from '../frame/services';
import { drawnNodes, type PlanGraph } from './graph-layout';

const MOST = 1_000;
/** Nodes that stand for many steps. */
const FOLDED: ReadonlySet<string> = new Set(['map', 'loop']);

/** A step as the graph shows it; of a map or loop, with the statuses of its items. */
export interface GraphStep {
  readonly step: Step;
  readonly items: StepCounts['steps'] | null;
}

/** The steps that the graph shows, by id: those at the top, and those of the containers that are drawn open. Null: not read yet. */
export function useStepsOfGraph(run: Run, graph: PlanGraph | undefined): ReadonlyMap<string, GraphStep> | null {
  const { client } = useServices();
  const nodes = useMemo(() => (graph === undefined ? [] : drawnNodes(graph)), [graph]);
  const parents = useMemo(() => [...new Set(['', ...nodes.map(({ parent }) => parent)])], [nodes]);
  const answers = useQueries({
    queries: parents.map((parent) => ({
      queryKey: ['of-run', run.runId, 'steps-of-graph', parent],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        bodyOf(
          client.api.GET('/api/runs/{runId}/steps', {
            params: { path: { runId: run.runId }, query: { parent, limit: MOST } },
            signal,
          }),
        ),
    })),
  });
  // A step that is not known yet must not look like one that has not begun.
  const isRead = answers.every(({ data }) => data !== undefined);
  const steps = answers.flatMap(({ data }) => data?.items ?? []);
  const folded = nodes.filter(({ id, kind }) => FOLDED.has(kind) && steps.some((step) => step.id === id));
  const counts = useQueries({
    queries: folded.map(({ id }) => ({
      queryKey: ['of-run', run.runId, 'counts', id],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        bodyOf(
          client.api.GET('/api/runs/{runId}/step-counts', {
            params: { path: { runId: run.runId }, query: { parent: id } },
            signal,
          }),
        ),
    })),
  });
  if (!isRead) return null;
  const items = new Map(folded.map(({ id }, index) => [id, counts[index]?.data?.steps ?? null]));
  return new Map(steps.map((step): [string, GraphStep] => [step.id, { step, items: items.get(step.id) ?? null }]));
}
