import { useQueryClient } from '@tanstack/react-query';
import type { DecideBody, DecisionReceipt, Gate } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { useServices } from '../frame/services';
import { useChange } from '../frame/use-change';

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

/** Sends a decision about the gate as it was shown. */
export function useDecision(gate: Gate, { counted, reread }: DecisionEnds) {
  const { client } = useServices();
  const queries = useQueryClient();
  return useChange({
    what: 'the decision',
    send: ({ decision, reason, response }: Decided, signal) =>
      client[DECIDE[decision]](gate, {
        signal,
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        ...(response === undefined ? {} : { response: response as NonNullable<DecideBody['response']> }),
      }),
    onSuccess: counted,
    onSettled: () => {
      reread();
      void queries.invalidateQueries({ queryKey: ['approvals'] });
      void queries.invalidateQueries({ queryKey: ['run', gate.runId] });
    },
  });
}
