import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../api/problem';
import type { Gate } from '../api/views';
import { useServices } from '../frame/services';
import { obstacleTo, type Reading } from './may-decide';

interface DecideFacts {
  readonly gate: Gate;
  readonly isRead: boolean;
  readonly isGenuine: boolean | null;
  readonly decided: () => void;
}

/** The decision, below what it is about. */
export function Decide({ gate, isRead, isGenuine, decided }: DecideFacts) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const reading: Reading = { gate, isRead, isGenuine, reason };
  const decision = useMutation({
    mutationFn: (kind: 'approved' | 'rejected') =>
      api.post(`runs/${gate.runId}/approve`, {
        gateId: gate.gateId,
        decision: kind,
        planHash: gate.planHash,
        gateDigest: gate.gateDigest,
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      }),
    onSettled: () => {
      decided();
      void queries.invalidateQueries({ queryKey: ['approvals'] });
      void queries.invalidateQueries({ queryKey: ['run', gate.runId] });
    },
  });
  const [toApprove, toReject] = [obstacleTo('approved', reading), obstacleTo('rejected', reading)];
  const { reasonRequired } = gate.request.requirement;
  return (
    <form className="decide" aria-label="Decision" onSubmit={(event) => event.preventDefault()}>
      <label className="reason">
        <span className="label">Reason{reasonRequired ? '' : ' (optional)'}</span>
        <textarea
          className="field"
          rows={3}
          maxLength={4_000}
          required={reasonRequired}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <p className="buttons">
        <button
          type="button"
          className="button primary"
          disabled={toApprove !== null || decision.isPending}
          onClick={() => decision.mutate('approved')}
        >
          Approve
        </button>
        <button
          type="button"
          className="button danger"
          disabled={toReject !== null || decision.isPending}
          onClick={() => decision.mutate('rejected')}
        >
          Reject
        </button>
      </p>
      {toApprove === null ? null : (
        <p className="faint" role="status">
          {toApprove}
        </p>
      )}
      {decision.error === null ? null : (
        <div className="failure" role="alert">
          <p>{decision.error.message}</p>
          {ApiProblem.is(decision.error) ? <p>{decision.error.remediation}</p> : null}
        </div>
      )}
    </form>
  );
}
