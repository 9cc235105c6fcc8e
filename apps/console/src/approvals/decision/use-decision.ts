import { useQueryClient } from '@tanstack/react-query';
import type { DecideBody, DecisionReceipt, Gate } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { useMemo } from 'react';
import { Drafts } from '../../form/draft';
import type { Me } from '../../frame/me';
import { useServices } from '../../frame/services';
import { useChange } from '../../frame/use-change';
import { attemptAfter, attemptFailed, Attempts, type Attempt } from './attempt';
import { ownDecision } from './own-decision';

const DECIDE = { approved: 'approve', rejected: 'reject', withdrawn: 'withdraw' } as const;

/** What a page does when a decision counts, and when it has ended in any way. */
export interface DecisionEnds {
  readonly counted: (receipt: DecisionReceipt) => void;
  readonly reread: () => void;
}

interface Decided {
  readonly decision: DecideBody['decision'];
  readonly reason: string;
  /** As the person has read or entered it. The server refuses it if earlier approvers have given another one. */
  readonly response?: Json;
}

/** Sends a decision about the gate as it was shown, and keeps in this tab what was sent until it is known to count. */
export function useDecision(gate: Gate, me: Me, { counted, reread }: DecisionEnds) {
  const { client } = useServices();
  const queries = useQueryClient();
  const attempts = useMemo(() => new Attempts(new Drafts(sessionStorage)), []);
  return useChange({
    what: 'the decision',
    send: async ({ decision, reason, response }: Decided, signal) => {
      const { person } = me;
      const before = ownDecision(gate, person)?.decisionId ?? '';
      const attempt: Attempt = { decision, reason: reason.trim(), before, end: 'unanswered' };
      const keep = (left: Attempt | null): void => attempts.keep(person, gate.gateDigest, left);
      // Before it is sent: a tab that is closed or reloaded gets no answer.
      keep(attempt);
      try {
        const receipt = await client[DECIDE[decision]](gate, {
          signal,
          ...(attempt.reason === '' ? {} : { reason: attempt.reason }),
          ...(response === undefined ? {} : { response: response as NonNullable<DecideBody['response']> }),
        });
        keep(attemptAfter(attempt, receipt.receipt));
        return receipt;
      } catch (error) {
        keep(attemptFailed(attempt, error));
        throw error;
      }
    },
    onSuccess: counted,
    onSettled: () => {
      reread();
      void queries.invalidateQueries({ queryKey: ['approvals'] });
      void queries.invalidateQueries({ queryKey: ['run', gate.runId] });
    },
  });
}
