import { useQuery } from '@tanstack/react-query';
import { bodyOf, type Run } from '@taskrunner/client';
import { useServices } from '../../frame/services';

/** So many gates are read; a map can have one for each of its items. */
const MOST = 50;

/** The first gates of a run, with those that it has not reached. Undefined: not read yet. */
export function useGatesOfRun(run: Pick<Run, 'runId'>) {
  const { client } = useServices();
  return useQuery({
    queryKey: ['of-run', run.runId, 'gates'],
    queryFn: ({ signal }) =>
      bodyOf(
        client.api.GET('/api/runs/{runId}/gates', {
          params: { path: { runId: run.runId }, query: { limit: MOST } },
          signal,
        }),
      ),
  }).data;
}
