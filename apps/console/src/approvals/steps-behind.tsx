import { useQuery } from '@tanstack/react-query';
import type { Gate } from '@taskrunner/client';
import { plannedInputs, stepsBehind, type Plan } from '@taskrunner/core/plan';
import { Failed, Notice } from '../frame/notice';
import { usePlan } from '../run/plan';
import type { ProfileOfPlan } from '../run/planned/planned-detail';
import { PlannedFacts, PlannedStepView } from '../run/planned/planned-step-view';
import { ReadSection } from './reading/unshown';
import { isPlanOf } from './plan-of-gate';

/** The plan that a gate is about. */
interface PlanOfGate {
  readonly query: ReturnType<typeof usePlan>;
  /** True: the request names this plan and this profile. Null: not known yet. */
  readonly isGenuine: boolean | null;
}

/** Reads the plan of a gate, and compares it with the request. */
export function usePlanOfGate({ runId, gateDigest, request }: Gate): PlanOfGate {
  const query = usePlan(runId);
  const check = useQuery({
    queryKey: ['plan-of-gate', runId, gateDigest],
    enabled: query.data !== undefined,
    queryFn: () => (query.data === undefined ? false : isPlanOf(query.data, request)),
    staleTime: Infinity,
  });
  return { query, isGenuine: check.data ?? null };
}

/** The inputs of the run, and what each step behind the gate will do, from the plan that the request names. */
export function StepsBehind({ gate, plan: { query, isGenuine } }: { readonly gate: Gate; readonly plan: PlanOfGate }) {
  if (query.isError)
    return (
      <section>
        <h2>What the steps behind this gate will do</h2>
        <Failed error={query.error} retry={() => void query.refetch()} />
      </section>
    );
  if (query.data === undefined || isGenuine === null)
    return <Notice kind="loading" title="Loading the steps behind this gate …" />;
  if (!isGenuine)
    return (
      <p className="tinted" data-tone="bad" role="alert">
        ✕ The plan that the server sent is not the one that the request names. Do not decide. Inform the operator.
      </p>
    );
  const plan = query.data.plan as unknown as Plan;
  const steps = stepsBehind(plan, query.data.profile as unknown as ProfileOfPlan, gate.gateId);
  const inputs = plannedInputs(plan, query.data.inputOrder ?? []);
  return (
    <>
      <ReadSection name="Inputs of the run">
        {inputs.length === 0 ? <p className="faint">The run has no inputs.</p> : <PlannedFacts facts={inputs} />}
      </ReadSection>
      <ReadSection name="What the steps behind this gate will do" label="Steps behind this gate">
        {steps.length === 0 ? (
          <p className="faint">No step behind this gate executes anything.</p>
        ) : (
          <ol className="plain behind">
            {steps.map((step) => (
              <li key={step.id}>
                <h3>
                  <span className="code">{step.id}</span>
                  {step.title === null ? null : <span className="faint"> {step.title}</span>}
                </h3>
                <PlannedStepView step={step} />
              </li>
            ))}
          </ol>
        )}
        <p className="faint">
          Read from the plan, whose hash the request names. Your browser computed that hash. Expressions are as the plan
          has them; they are evaluated when a step begins.
        </p>
      </ReadSection>
    </>
  );
}
