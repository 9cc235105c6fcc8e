import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Plan } from '@taskrunner/client';
import { useRef, useState } from 'react';
import { failureText } from '../api/problem';
import { draftName } from '../form/draft';
import type { Field } from '../form/field';
import { FormFields, toFirstFault } from '../form/form-fields';
import { NotKept } from '../form/not-kept';
import {
  faultsOfServer,
  initialEntries,
  keptEntries,
  readFields,
  type Entries,
  type FieldFaults,
} from '../form/read-fields';
import { useDraft } from '../form/use-draft';
import { GuardedButton } from '../frame/guarded-button';
import { useMe, type Me } from '../frame/me';
import { Failed, Notice } from '../frame/notice';
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
  /** The digest of the pack, under which this tab keeps the entries; null: they are not kept. */
  readonly digest: string | null;
  /** Why nobody can run it here; null: it can be run. */
  readonly obstacle: string | null;
}

/** The form to run a pack: an entry for each input, checked here and by the server. */
export function RunForm(facts: RunFormFacts) {
  const me = useMe();
  if (me.data !== undefined) return <Form {...facts} me={me.data} />;
  return me.isError ? (
    <Failed error={me.error} retry={() => void me.refetch()} />
  ) : (
    <Notice kind="loading" title="Loading who you are …" />
  );
}

function Form({ source, fields, inputs = {}, digest, obstacle, me }: RunFormFacts & { readonly me: Me }) {
  const { client } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const draft = useDraft(digest === null ? null : draftName(me.person, digest));
  const [entries, setEntries] = useState<Entries>(() => ({ ...initialEntries(fields), ...draft.before.entries }));
  const [labels, setLabels] = useState(draft.before.text ?? '');
  const [isRestored, restore] = useState(draft.before.text !== null || Object.keys(draft.before.entries).length > 0);
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
      draft.forget();
      void queries.invalidateQueries({ queryKey: ['runs'] });
      void navigate({ to: '/runs/$runId', params: { runId }, search: {} });
    },
  });
  const change = (next: Entries): void => {
    setEntries(next);
    draft.keep({ entries: keptEntries(fields, next) });
    setKey(newKey());
    checking.reset();
  };
  const label = (text: string): void => {
    setLabels(text);
    draft.keep({ text });
    setKey(newKey());
  };
  const beginAnew = (): void => {
    change(initialEntries(fields));
    label('');
    setFaults({});
    draft.forget();
    restore(false);
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
      {isRestored ? (
        <p className="faint" role="status">
          The entries that you made before are here again.{' '}
          <button type="button" className="link-button" onClick={beginAnew}>
            Begin anew
          </button>
        </p>
      ) : null}
      <FormFields
        // A browser empties the entry of a file only by a new one.
        key={isRestored ? 'restored' : 'new'}
        {...{ fields, entries, faults, change }}
      />
      <details className="entry" open={draft.before.text !== null && draft.before.text !== ''}>
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
            onChange={({ target }) => label(target.value)}
          />
          {isWrong ? <span className="entry-faults">Each line has the form key=value.</span> : null}
        </label>
      </details>
      {draft.isKept ? <Kept fields={digest === null ? [] : fields} /> : <NotKept />}
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

/** Says what a reload loses. */
function Kept({ fields }: { readonly fields: readonly Field[] }) {
  const lost = [
    ...(fields.some(({ isSecret }) => isSecret) ? ['sensitive entries'] : []),
    ...(fields.some(({ kind }) => kind === 'file') ? ['files'] : []),
  ];
  if (lost.length === 0) return null;
  return <p className="faint">This tab keeps your entries over a reload, but no {lost.join(' and no ')}.</p>;
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
