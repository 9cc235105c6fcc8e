import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CancelRunBody, Run } from '@taskrunner/client';
import { useMe } from '../../frame/me';
import { Question } from '../../frame/question';
import { useServices } from '../../frame/services';
import { useChange } from '../../frame/use-change';

/** Asks whether to cancel a run, and why. */
export function CancelRun({ run, close }: { readonly run: Run; readonly close: () => void }) {
  const { client } = useServices();
  const queries = useQueryClient();
  const me = useMe().data;
  const isCleaning = run.status === 'cancelling';
  const [reason, setReason] = useState('');
  const [force, setForce] = useState(isCleaning);
  const cancel = useChange({
    what: 'the cancellation',
    send: (_: void, signal) => {
      const body: CancelRunBody = { ...(reason.trim() === '' ? {} : { reason: reason.trim() }), force };
      return client.cancel(run.runId, body, { signal });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['run', run.runId] });
      close();
    },
  });
  const isTheirs = me !== undefined && (me.person.sub !== run.requester.id || me.scopes.includes('packs.admin'));
  return (
    <Question
      title={isCleaning ? 'Stop the cleanup of this run?' : 'Cancel this run?'}
      answer={isCleaning ? 'Stop the cleanup' : 'Cancel the run'}
      dismiss="Let it go on"
      tone="danger"
      close={close}
      isPending={cancel.isPending}
      error={cancel.error}
      act={() => cancel.mutate()}
    >
      <p>
        {isCleaning
          ? 'Its cleanup steps are running. What they have not cleaned up stays.'
          : 'Running steps are stopped. Then its cleanup steps run. What a step has done already stays done.'}
      </p>
      {isTheirs ? (
        <p className="faint">
          {run.requester.name} requested it. Those who started a run can cancel it, and administrators.
        </p>
      ) : null}
      <label className="entry">
        <span className="label">Reason</span>
        <textarea
          className="field"
          rows={2}
          maxLength={4_000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <span className="faint">It is stored with the run.</span>
      </label>
      {isCleaning ? null : (
        <label className="check">
          <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} />
          Stop cleanup steps too
        </label>
      )}
    </Question>
  );
}
