import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DecideBody, Gate } from '@taskrunner/client';
import { lazy, Suspense, useState } from 'react';
import type { Json } from '@taskrunner/core/foundation';
import { Failed, Notice } from '../frame/notice';
import { Refusal } from '../frame/refusal';
import { useServices } from '../frame/services';
import { usePlan } from '../run/plan';
import { isCareful, switchCareful } from './careful';
import { earlierResponse, formOfGate } from './form-of-gate';
import { obstacleTo, type Reading, type Response } from './may-decide';
import { verdictIn } from './verdict';

const ResponseForm = lazy(() => import('./response-form'));

interface DecideFacts {
  readonly gate: Gate;
  readonly isRead: boolean;
  readonly isGenuine: boolean | null;
  readonly decided: () => void;
}

/** The decision, below what it is about. */
export function Decide({ gate, isRead, isGenuine, decided }: DecideFacts) {
  const [reason, setReason] = useState('');
  const [response, setResponse] = useState<Response | null>(null);
  const [careful, setCareful] = useState(() => isCareful(localStorage));
  const [typed, setTyped] = useState('');
  const decision = useDecision(gate, decided);
  const reading: Reading = { gate, isRead, isGenuine, reason, response, typed: careful ? typed : null };
  const [toApprove, toReject] = [obstacleTo('approved', reading), obstacleTo('rejected', reading)];
  const { reasonRequired, formDigest } = gate.request.requirement;
  const verdict = verdictIn(gate);
  const decide = (kind: 'approved' | 'rejected'): void => {
    const answer = kind === 'approved' && response?.kind === 'complete' ? { response: response.value } : {};
    decision.mutate({ decision: kind, reason, ...(formDigest === null ? {} : answer) });
  };
  return (
    <form className="decide" aria-label="Decision" onSubmit={(event) => event.preventDefault()}>
      <h2>Your decision</h2>
      {formDigest === null ? null : <GateForm gate={gate} formDigest={formDigest} report={setResponse} />}
      <label className="entry">
        <span className="entry-name">
          Reason<span className="faint">{reasonRequired ? ' (required)' : ' (optional)'}</span>
        </span>
        <textarea
          className="field"
          rows={3}
          maxLength={4_000}
          required={reasonRequired}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      {careful ? (
        <label className="entry">
          <span className="entry-name">The first 8 characters of the gate digest, after “sha256:”</span>
          <input
            className="field code short"
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      ) : null}
      <label className="check">
        <input
          type="checkbox"
          checked={careful}
          onChange={({ target: { checked } }) => {
            switchCareful(checked, localStorage);
            setCareful(checked);
          }}
        />
        Ask me for the digest before I decide
      </label>
      {verdict === null ? null : (
        <p className="tinted" data-tone="bad">
          An approval overrides the denial of policy <span className="code">{verdict.id}</span> ({verdict.level}).
        </p>
      )}
      <p className="buttons">
        <button
          type="button"
          className="button primary"
          disabled={toApprove !== null || decision.isPending}
          onClick={() => decide('approved')}
        >
          {verdict === null ? 'Approve' : 'Approve and override'}
        </button>
        <button
          type="button"
          className="button danger"
          disabled={toReject !== null || decision.isPending}
          onClick={() => decide('rejected')}
        >
          Reject
        </button>
      </p>
      {toApprove === null ? null : (
        <p className="faint" role="status">
          {toApprove}
        </p>
      )}
      <Refusal error={decision.error} />
    </form>
  );
}

/** The way back for who has approved, while the gate is open. */
export function Withdraw({ gate, decided }: Pick<DecideFacts, 'gate' | 'decided'>) {
  const decision = useDecision(gate, decided);
  return (
    <>
      <p>
        <button
          type="button"
          className="button"
          disabled={decision.isPending}
          onClick={() => decision.mutate({ decision: 'withdrawn', reason: '' })}
        >
          Withdraw my approval
        </button>
      </p>
      <Refusal error={decision.error} />
    </>
  );
}

const DECIDE = { approved: 'approve', rejected: 'reject', withdrawn: 'withdraw' } as const;

/** Sends a decision about the gate as it was shown. */
function useDecision(gate: Gate, decided: () => void) {
  const { client } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ decision, reason, response }: Pick<DecideBody, 'decision'> & { reason: string; response?: Json }) =>
      client[DECIDE[decision]](gate, {
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        ...(response === undefined ? {} : { response: response as NonNullable<DecideBody['response']> }),
      }),
    onSettled: () => {
      decided();
      void queries.invalidateQueries({ queryKey: ['approvals'] });
      void queries.invalidateQueries({ queryKey: ['run', gate.runId] });
    },
  });
}

interface GateFormFacts {
  readonly gate: Gate;
  readonly formDigest: string;
  readonly report: (response: Response) => void;
}

/** The form comes from the plan, and is the one whose digest the request names. */
function GateForm({ gate, formDigest, report }: GateFormFacts) {
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
  return (
    <Suspense fallback={<Notice kind="loading" title="Loading the form …" />}>
      <ResponseForm schema={form.data} earlier={earlierResponse(gate.decisions)} report={report} />
    </Suspense>
  );
}
