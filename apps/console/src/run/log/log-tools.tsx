import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { bodyOf, type Run } from '@taskrunner/client';
import { LOG_LEVELS } from '../../api/statuses';
import { useServices } from '../../frame/services';
import type { RunSearch } from '../run-view';

interface ToolFacts {
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
}

/** The text that is searched for in the log; the server searches. */
export function SearchField(facts: {
  readonly text: string;
  readonly field: React.RefObject<HTMLInputElement | null>;
  readonly find: (text: string) => void;
}) {
  const [text, setText] = useState(facts.text);
  return (
    <form
      role="search"
      aria-label="Log"
      onSubmit={(event) => {
        event.preventDefault();
        facts.find(text);
      }}
    >
      <input
        ref={facts.field}
        type="search"
        className="field search"
        aria-label="Search the log"
        placeholder="search all lines"
        maxLength={256}
        value={text}
        onChange={({ target: { value } }) => {
          setText(value);
          if (value === '') facts.find('');
        }}
      />
    </form>
  );
}

/** The step whose lines are shown, and the way back to all. */
export function StepFilter({ search, change }: ToolFacts) {
  const { step, attempt: _, ...all } = search;
  if (step === undefined) return <span className="faint">All steps</span>;
  return (
    <span className="waits">
      <span className="code">{step}</span>
      <button type="button" className="link-button" onClick={() => change(all)}>
        Show all steps
      </button>
    </span>
  );
}

/** The attempt of a step whose lines are shown, where there was more than one. */
export function AttemptFilter({ run, step, search, change }: ToolFacts & { readonly run: Run; readonly step: string }) {
  const { client } = useServices();
  const { data } = useQuery({
    queryKey: ['of-run', run.runId, 'step', step],
    queryFn: ({ signal }) =>
      bodyOf(
        client.api.GET('/api/runs/{runId}/steps/{stepId}', {
          params: { path: { runId: run.runId, stepId: step } },
          signal,
        }),
      ),
  });
  const attempts = Math.max(data?.attempts ?? 0, search.attempt ?? 0);
  if (attempts < 2) return null;
  const { attempt, ...rest } = search;
  return (
    <label>
      <span className="label">Attempt</span>
      <select
        className="field"
        value={attempt ?? ''}
        onChange={({ target: { value } }) => change(value === '' ? rest : { ...rest, attempt: Number(value) })}
      >
        <option value="">all</option>
        {Array.from({ length: attempts }, (_, index) => (
          <option key={index} value={index + 1}>
            {index + 1}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The least urgent level that is shown. */
export function LevelFilter({ search, change }: ToolFacts) {
  const { level, ...rest } = search;
  return (
    <label>
      <span className="label">Level</span>
      <select
        className="field"
        value={level ?? ''}
        onChange={({ target: { value } }) => {
          const chosen = LOG_LEVELS.find((one) => one === value);
          change(chosen === undefined ? rest : { ...rest, level: chosen });
        }}
      >
        <option value="">all</option>
        {LOG_LEVELS.slice(1).map((one) => (
          <option key={one} value={one}>
            {one === 'error' ? 'error' : `${one} and above`}
          </option>
        ))}
      </select>
    </label>
  );
}
