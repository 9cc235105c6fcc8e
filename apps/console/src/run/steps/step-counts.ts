import { useQuery } from '@tanstack/react-query';
import type { Run, StepCounts } from '../../api/views';
import { useServices } from '../../frame/services';

/** How many child steps of a step have each status. `parent` null: not asked for. */
export function useStepCounts(run: Pick<Run, 'runId'>, parent: string | null) {
  const { api } = useServices();
  return useQuery({
    queryKey: ['of-run', run.runId, 'counts', parent],
    queryFn: ({ signal }) => api.get<StepCounts>(`runs/${run.runId}/step-counts`, { parent }, signal),
    enabled: parent !== null,
    select: ({ steps }) => steps,
  });
}
