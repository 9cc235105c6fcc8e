import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Run, Step } from '@taskrunner/client';
import { GuardedButton } from '../../frame/guarded-button';
import { lacks, useHolds } from '../../frame/me';
import { Question } from '../../frame/question';
import { useServices } from '../../frame/services';
import { useChange } from '../../frame/use-change';
import { OUTCOMES, resolveBody, type Outcome, type Resolving } from './resolve-body';

const WORDS: Readonly<Record<Outcome, string>> = {
  succeeded: 'It succeeded. The run goes on.',
  failed: 'It failed, and must not be tried again.',
  retry: 'It had no effect. Another attempt may start.',
};

/** A step whose outcome nobody knows: the way to record what it did. */
export function ResolveStep({ run, step }: { readonly run: Run; readonly step: Step }) {
  const [isOpen, open] = useState(false);
  const may = useHolds('packs.approve');
  return (
    <>
      <p>
        The worker of this step was lost. Whether the step has acted is not known, and it is not run again by itself.
        Find out what happened, and record it.
      </p>
      <GuardedButton obstacle={may === false ? lacks('packs.approve') : null} act={() => open(true)} tone="primary">
        Record what it did …
      </GuardedButton>
      {isOpen ? <Resolution run={run} step={step} close={() => open(false)} /> : null}
    </>
  );
}

interface ResolutionFacts {
  readonly run: Run;
  readonly step: Step;
  readonly close: () => void;
}

function Resolution({ run, step, close }: ResolutionFacts) {
  const { client } = useServices();
  const queries = useQueryClient();
  const [entered, enter] = useState<Resolving>({ outcome: 'succeeded', outputs: '', reason: '' });
  const body = resolveBody(step, entered);
  const resolve = useChange({
    what: 'the record',
    send: async (_: void, signal) => {
      if (body.kind === 'refused') throw new Error(body.why);
      const path = { runId: run.runId, stepId: step.id };
      await client.api.POST('/api/runs/{runId}/steps/{stepId}/resolve', { params: { path }, body: body.body, signal });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['of-run', run.runId, 'step', step.id] });
      await queries.invalidateQueries({ queryKey: ['run', run.runId] });
      close();
    },
  });
  return (
    <Question
      title={`What did ${step.id} do?`}
      answer="Record it"
      dismiss="Leave it open"
      close={close}
      isPending={resolve.isPending}
      error={resolve.error}
      act={() => resolve.mutate()}
    >
      <p>What you record is signed in your name and is part of the evidence.</p>
      <fieldset className="choices">
        <legend className="label">Outcome</legend>
        {OUTCOMES.map((outcome) => (
          <label key={outcome} className="check">
            <input
              type="radio"
              name="outcome"
              checked={entered.outcome === outcome}
              onChange={() => enter({ ...entered, outcome })}
            />
            {WORDS[outcome]}
          </label>
        ))}
      </fieldset>
      {entered.outcome === 'succeeded' ? (
        <label className="entry">
          <span className="label">Outputs, as JSON</span>
          <textarea
            className="field code"
            rows={3}
            placeholder="{}"
            spellCheck={false}
            value={entered.outputs}
            onChange={({ target: { value } }) => enter({ ...entered, outputs: value })}
          />
          <span className="faint">Those that the step declares. Empty: it declares none.</span>
        </label>
      ) : null}
      <label className="entry">
        <span className="label">How you found out</span>
        <textarea
          className="field"
          rows={2}
          required
          maxLength={4_000}
          value={entered.reason}
          onChange={({ target: { value } }) => enter({ ...entered, reason: value })}
        />
      </label>
    </Question>
  );
}
