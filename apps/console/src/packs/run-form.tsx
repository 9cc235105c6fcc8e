import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Plan } from '@taskrunner/client';
import { useRef, useState } from 'react';
import { failureText } from '../api/problem';
import type { Field } from '../form/field';
import { FormFields, toFirstFault } from '../form/form-fields';
import { faultsOfServer, initialEntries, readFields, type Entries, type FieldFaults } from '../form/read-fields';
import { GuardedButton } from '../frame/guarded-button';
import { Faults, Refusal } from '../frame/refusal';
import { newKey } from '../frame/request-key';
import { useServices } from '../frame/services';
import { useChange } from '../frame/use-change';
import { check, labelsIn, start, type ReadInputs, type RunSource } from './submission';

interface RunFormFacts {
  readonly source: RunSource;
  readonly fields: readonly Field[];
  /** Further inputs, which have no entry here. */
  readonly inputs?: ReadInputs['values'];
  /** Why nobody can run it here; null: it can be run. */
  readonly obstacle: string | null;
}

/** The form to run a pack: an entry for each input, checked here and by the server. */
export function RunForm({ source, fields, inputs = {}, obstacle }: RunFormFacts) {
  const { client } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [entries, setEntries] = useState<Entries>(() => initialEntries(fields));
  const [labels, setLabels] = useState('');
  const [faults, setFaults] = useState<FieldFaults>({});
  // A changed form is a request for another run. The same form, sent twice, is one request.
  const [key, setKey] = useState(newKey);
  const refused = (error: Error): void => {
    const refusal = failureText(error);
    if (refusal === null) return;
    setFaults(faultsOfServer(refusal.faults.filter(isInput), fields, '/inputs'));
    toFirstFault(form.current);
  };
  const checking = useChange({
    what: 'the check',
    send: (read: ReadInputs, signal) => check(client, source, read, signal),
    onError: refused,
  });
  const starting = useChange({
    what: 'the run',
    send: (read: ReadInputs, signal) => start(client, source, read, { labels: labelsIn(labels) ?? {}, key, signal }),
    onError: refused,
    onSuccess: ({ runId }) => {
      void queries.invalidateQueries({ queryKey: ['runs'] });
      void navigate({ to: '/runs/$runId', params: { runId }, search: {} });
    },
  });
  const change = (next: Entries): void => {
    setEntries(next);
    setKey(newKey());
    checking.reset();
  };
  const send = (how: typeof checking | typeof starting): void => {
    checking.reset();
    starting.reset();
    const { faults: found, ...read } = readFields(fields, entries);
    setFaults(found);
    if (Object.keys(found).length > 0 || labelsIn(labels) === null) toFirstFault(form.current);
    else how.mutate({ ...read, values: { ...inputs, ...read.values } });
  };
  const isPending = checking.isPending || starting.isPending;
  const isWrong = labelsIn(labels) === null;
  return (
    <form
      ref={form}
      className="fields"
      aria-label="Inputs"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (obstacle === null && !isPending) send(starting);
      }}
    >
      {fields.length === 0 && !('bundle' in source) ? <p className="faint">It has no inputs.</p> : null}
      <FormFields fields={fields} entries={entries} faults={faults} change={change} />
      <details className="entry">
        <summary>Labels</summary>
        <label className="entry">
          <span className="faint">One in a line, such as ticket=SEC-42. They help to find the run.</span>
          <textarea
            className="field code"
            rows={2}
            spellCheck={false}
            aria-label="Labels"
            aria-invalid={isWrong}
            value={labels}
            onChange={({ target }) => {
              setLabels(target.value);
              setKey(newKey());
            }}
          />
          {isWrong ? <span className="entry-faults">Each line has the form key=value.</span> : null}
        </label>
      </details>
      <RefusedBy error={starting.error ?? checking.error} />
      {checking.data === undefined ? null : <Checked plan={checking.data} />}
      <p className="buttons">
        <GuardedButton tone="primary" obstacle={obstacle} act={() => (isPending ? undefined : send(starting))}>
          {starting.isPending ? 'Starting …' : 'Start the run'}
        </GuardedButton>
        {obstacle === null ? (
          <button type="button" className="button" disabled={isPending} onClick={() => send(checking)}>
            {checking.isPending ? 'Checking …' : 'Check only'}
          </button>
        ) : null}
      </p>
    </form>
  );
}

function isInput({ path }: { readonly path: string }): boolean {
  return path.startsWith('/inputs/');
}

/** What of a refusal does not stand beside an entry. */
function RefusedBy({ error }: { readonly error: Error | null }) {
  const faults = failureText(error)?.faults ?? [];
  const rest = faults.filter((fault) => !isInput(fault));
  if (faults.length > 0 && rest.length === 0)
    return (
      <p className="entry-faults" role="alert">
        The server refuses what is marked above.
      </p>
    );
  return <Refusal error={error} faults={rest} />;
}

function Checked({ plan }: { readonly plan: Plan }) {
  return (
    <div role="status">
      <p className="tinted" data-tone="good">
        ✓ The plan is valid. Nothing was started.
      </p>
      <p className="faint code digest">{plan.planHash}</p>
      <Faults faults={plan.warnings} />
    </div>
  );
}
