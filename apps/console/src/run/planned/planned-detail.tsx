import { useQuery } from '@tanstack/react-query';
import type { Run } from '@taskrunner/client';
import { plannedStep, type Plan } from '@taskrunner/core/plan';
import { hasHash } from '../../approvals/plan-of-gate';
import { Failed } from '../../frame/notice';
import { usePlan } from '../plan';
import { PlannedStepView } from './planned-step-view';

/** What the plan says about a step, above all about one that has not begun. */
export function PlannedDetail({ run, step }: { readonly run: Run; readonly step: string }) {
  const plan = usePlan(run.runId);
  const check = useQuery({
    queryKey: ['plan-hash', run.runId, run.planHash],
    enabled: plan.data !== undefined,
    queryFn: () => (plan.data === undefined ? false : hasHash(plan.data, run.planHash)),
    staleTime: Infinity,
  });
  if (plan.isError) return <Failed error={plan.error} retry={() => void plan.refetch()} />;
  if (plan.data === undefined || check.data === undefined) return null;
  if (!check.data)
    return (
      <p className="tinted" data-tone="bad" role="alert">
        ✕ The plan that the server sent has another hash than this run. Inform the operator.
      </p>
    );
  const { plan: planned, profile } = plan.data;
  const found = plannedStep(planned as unknown as Plan, profile as unknown as ProfileOfPlan, step);
  return found === null ? null : (
    <>
      <h3>What it will do</h3>
      <PlannedStepView step={found} />
      <p className="faint">
        Expressions are shown as the plan has them. Your browser checked that the plan hash of this run is that of the
        plan.
      </p>
    </>
  );
}

export type ProfileOfPlan = Parameters<typeof plannedStep>[1];
