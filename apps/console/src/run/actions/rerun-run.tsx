import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { bodyOf, type Run } from '@taskrunner/client';
import { ONCE } from '../../api/client';
import { Notice } from '../../frame/notice';
import { Question } from '../../frame/question';
import { useServices } from '../../frame/services';
import { useChange } from '../../frame/use-change';
import { newKey } from '../../frame/request-key';
import { usePlan } from '../plan';
import { beginningsOf, rerunBody, sensitiveInputs, type RerunChoice, type RerunFrom } from './rerun-choice';

const WORDS: Readonly<Record<RerunFrom, string>> = {
  failed: 'From what has not succeeded. Results of succeeded steps are reused.',
  start: 'From its start. No result is reused.',
  step: 'From a step. It and all steps after it run again.',
};

/** Asks where to begin an ended run again. */
export function RerunRun({ run, close }: { readonly run: Run; readonly close: () => void }) {
  const { client } = useServices();
  const navigate = useNavigate();
  const beginnings = beginningsOf(run);
  const [key] = useState(newKey);
  const [choice, choose] = useState<RerunChoice>({ from: beginnings[0] ?? 'start', step: '', sensitive: {} });
  const plan = usePlan(run.runId);
  const names = plan.data === undefined ? [] : sensitiveInputs(plan.data.plan);
  const rerun = useChange({
    what: 'the rerun',
    send: (_: void, signal) => client.rerun(run.runId, rerunBody(choice), { idempotencyKey: key, signal, ...ONCE }),
    onSuccess: ({ runId }) => {
      close();
      void navigate({ to: '/runs/$runId', params: { runId }, search: {} });
    },
  });
  return (
    <Question
      title="Rerun this run?"
      answer="Start the rerun"
      dismiss="Do not rerun"
      close={close}
      isPending={rerun.isPending}
      error={rerun.error}
      act={() => rerun.mutate()}
    >
      <p>A new run of the same plan starts. Its gates must be approved again.</p>
      <fieldset className="choices">
        <legend className="label">Where it begins</legend>
        {beginnings.map((from) => (
          <label key={from} className="check">
            <input
              type="radio"
              name="from"
              checked={choice.from === from}
              onChange={() => choose({ ...choice, from })}
            />
            {WORDS[from]}
          </label>
        ))}
      </fieldset>
      {choice.from === 'step' ? (
        <StepEntry run={run} step={choice.step} change={(step) => choose({ ...choice, step })} />
      ) : null}
      {plan.isPending ? <Notice kind="loading" title="Looking for inputs that must be sent again …" /> : null}
      {names.map((name) => (
        <label key={name} className="entry">
          <span className="label">
            Sensitive input <span className="code">{name}</span>
          </span>
          <input
            type="password"
            className="field"
            autoComplete="off"
            required
            value={choice.sensitive[name] ?? ''}
            onChange={({ target: { value } }) =>
              choose({ ...choice, sensitive: { ...choice.sensitive, [name]: value } })
            }
          />
          <span className="faint">It is not stored, so it must be sent again.</span>
        </label>
      ))}
    </Question>
  );
}

interface StepEntryFacts {
  readonly run: Run;
  readonly step: string;
  readonly change: (step: string) => void;
}

function StepEntry({ run, step, change }: StepEntryFacts) {
  const { client } = useServices();
  const id = useId();
  // The graph of the page has the same key: it is read once.
  const graph = useQuery({
    queryKey: ['graph', run.planHash],
    queryFn: ({ signal }) =>
      bodyOf(client.api.GET('/api/runs/{runId}/graph', { params: { path: { runId: run.runId } }, signal })),
    staleTime: Infinity,
  });
  const nodes = graph.data?.nodes ?? [];
  return (
    <label className="entry">
      <span className="label">Step of the plan</span>
      <input
        className="field code"
        required
        list={id}
        autoComplete="off"
        value={step}
        onChange={({ target: { value } }) => change(value)}
      />
      <datalist id={id}>
        {nodes.map((node) => (
          <option key={node.id} value={node.id} />
        ))}
      </datalist>
    </label>
  );
}
