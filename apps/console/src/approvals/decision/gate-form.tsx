import { useQuery } from '@tanstack/react-query';
import type { Gate } from '@taskrunner/client';
import { latePage } from '../../frame/late-page';
import { Notice } from '../../frame/notice';
import { earlierResponse, formOfGate } from '../form-of-gate';
import type { Response } from './may-decide';
import type { ResponseFacts } from './response-form';

const ResponseForm = latePage<ResponseFacts>(() => import('./response-form').then((module) => module.default));

interface GateFormFacts extends Pick<ResponseFacts, 'entered' | 'enter'> {
  readonly gate: Gate;
  readonly formDigest: string;
  readonly report: (response: Response) => void;
}

/** The form whose digest the request names, in the order of the author of the pack. */
export function GateForm({ gate, formDigest, report, ...kept }: GateFormFacts) {
  const form = useQuery({
    queryKey: ['form', gate.runId, formDigest],
    queryFn: () => formOfGate(gate.form, formDigest),
    staleTime: Infinity,
  });
  if (form.data === undefined) return <Notice kind="loading" title="Loading the form …" />;
  if (form.data === null)
    return (
      <p className="tinted" data-tone="bad" role="alert">
        ✕ The form that the server sent is not the one that the request names. Do not approve. Inform the operator.
      </p>
    );
  return <ResponseForm schema={form.data} earlier={earlierResponse(gate.decisions)} report={report} {...kept} />;
}
