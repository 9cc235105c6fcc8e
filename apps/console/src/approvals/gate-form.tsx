import { useQuery } from '@tanstack/react-query';
import type { Gate } from '@taskrunner/client';
import { latePage } from '../frame/late-page';
import { Failed, Notice } from '../frame/notice';
import { usePlan } from '../run/plan';
import { earlierResponse, formOfGate } from './form-of-gate';
import type { Response } from './may-decide';
import type { ResponseFacts } from './response-form';

const ResponseForm = latePage<ResponseFacts>(() => import('./response-form').then((module) => module.default));

interface GateFormFacts extends Pick<ResponseFacts, 'entered' | 'enter'> {
  readonly gate: Gate;
  readonly formDigest: string;
  readonly report: (response: Response) => void;
}

/** The form comes from the plan, and is the one whose digest the request names. */
export function GateForm({ gate, formDigest, report, ...kept }: GateFormFacts) {
  const plan = usePlan(gate.runId);
  const form = useQuery({
    queryKey: ['form', gate.runId, formDigest],
    enabled: plan.data !== undefined,
    queryFn: () => formOfGate(plan.data?.plan, formDigest),
    staleTime: Infinity,
  });
  if (plan.isError) return <Failed error={plan.error} retry={() => void plan.refetch()} />;
  if (form.data === undefined) return <Notice kind="loading" title="Loading the form …" />;
  if (form.data === null)
    return (
      <p className="tinted" data-tone="bad" role="alert">
        ✕ The plan has no form with the digest that the request names. Do not approve. Inform the operator.
      </p>
    );
  return <ResponseForm schema={form.data} earlier={earlierResponse(gate.decisions)} report={report} {...kept} />;
}
