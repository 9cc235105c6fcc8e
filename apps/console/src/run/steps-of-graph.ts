import { useQueries } from '@tanstack/react-query';
import type { Graph, Page, Run, Step } from '../api/views';
import { useServices } from '../frame/services';
import { drawnNodes } from './graph-layout';

const MOST = 1_000;

/** The steps that the graph shows, by id: those at the top, and those of the containers that are drawn open. Null: not read yet. */
export function useStepsOfGraph(run: Run, graph: Graph | undefined, tag: string): ReadonlyMap<string, Step> | null {
  const { api } = useServices();
  const nodes = graph === undefined ? [] : drawnNodes(graph);
  const parents = [...new Set(['', ...nodes.map(({ parent }) => parent)])];
  const answers = useQueries({
    queries: parents.map((parent) => ({
      queryKey: ['steps-of-graph', run.runId, parent, tag],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.get<Page<Step>>(`runs/${run.runId}/steps`, { parent, limit: MOST }, signal),
      // What was read before stays until the next answer is here.
      placeholderData: (before: Page<Step> | undefined) => before,
    })),
  });
  // A step that is not known yet must not look like one that has not begun.
  if (answers.some(({ data }) => data === undefined)) return null;
  return new Map(answers.flatMap(({ data }) => data?.items.map((step): [string, Step] => [step.id, step]) ?? []));
}
