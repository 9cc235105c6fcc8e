import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { bodyOf, type Run } from '@taskrunner/client';
import { useServices } from '../../frame/services';

/** Gates of a page; a map can have one for each of its items. */
export const GATES_OF_PAGE = 50;

/** A page of the gates of a run, sorted by id; the last one also has those that the run has not reached. Undefined: not read yet. */
export function useGatesOfRun(run: Pick<Run, 'runId'>, cursor: string | null = null) {
  const { client } = useServices();
  return useQuery({
    queryKey: ['of-run', run.runId, 'gates', cursor],
    queryFn: ({ signal }) =>
      bodyOf(
        client.api.GET('/api/runs/{runId}/gates', {
          params: {
            path: { runId: run.runId },
            query: { limit: GATES_OF_PAGE, ...(cursor === null ? {} : { cursor }) },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
}
