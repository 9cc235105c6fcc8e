import { useQuery } from '@tanstack/react-query';
import { bodyOf, type Run } from '@taskrunner/client';
import { useServices } from '../../frame/services';

/** How many child steps of a step have each status. `parent` null: not asked for. */
export function useStepCounts(run: Pick<Run, 'runId'>, parent: string | null) {
  const { client } = useServices();
  return useQuery({
    queryKey: ['of-run', run.runId, 'counts', parent],
    queryFn: ({ signal }) =>
      bodyOf(
        client.api.GET('/api/runs/{runId}/step-counts', {
          params: { path: { runId: run.runId }, query: { parent: parent ?? '' } },
          signal,
        }),
      ),
    enabled: parent !== null,
    select: ({ steps }) => steps,
  });
}
