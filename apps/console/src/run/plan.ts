import { useQuery } from '@tanstack/react-query';
import type { Plan } from '@taskrunner/client';
import { useServices } from '../frame/services';

/** The plan of a run, exactly as it was hashed. It never changes, so it is read once. */
export function usePlan(runId: string, isEnabled = true) {
  const { api } = useServices();
  return useQuery({
    queryKey: ['plan', runId],
    queryFn: ({ signal }) => api.get<Plan>(`runs/${runId}/plan`, {}, signal),
    enabled: isEnabled,
    staleTime: Infinity,
  });
}
