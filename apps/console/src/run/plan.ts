import { useQuery } from '@tanstack/react-query';
import { bodyOf } from '@taskrunner/client';
import { useServices } from '../frame/services';

/** The plan of a run, exactly as it was hashed. It never changes, so it is read once. */
export function usePlan(runId: string, isEnabled = true) {
  const { client } = useServices();
  return useQuery({
    queryKey: ['plan', runId],
    queryFn: ({ signal }) => bodyOf(client.api.GET('/api/runs/{runId}/plan', { params: { path: { runId } }, signal })),
    enabled: isEnabled,
    staleTime: Infinity,
  });
}
