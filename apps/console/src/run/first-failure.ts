import { useQuery } from '@tanstack/react-query';
import type { Run } from '@taskrunner/client';
import { useServices } from '../frame/services';
import { firstFailedStep } from './first-failed-step';
import { firstFailure } from './run-view';

/** The step that a run opens on if its address names none. Null: none, or not known yet. */
export function useFirstFailure(run: Run, isNeeded: boolean): string | null {
  const { client } = useServices();
  const failed = firstFailure(run);
  const query = useQuery({
    queryKey: ['first-failure', run.runId, failed],
    queryFn: () => firstFailedStep(client, run.runId, failed ?? ''),
    enabled: isNeeded && failed !== null,
    staleTime: Infinity,
  });
  return query.data ?? (query.isError ? failed : null);
}
