import { useEffect, useMemo, useState } from 'react';
import type { Json } from '@taskrunner/core/foundation';
import { fieldsOfSchema, hasSecret, type Field, type Schema } from '../../form/field';
import { FormFields } from '../../form/form-fields';
import {
  initialEntries,
  keptEntries,
  readForm,
  readWhole,
  type Entries,
  type FieldFaults,
} from '../../form/read-fields';
import { Value } from '../../run/value';
import type { Response } from './may-decide';
import { ResponseValues } from './response-values';
import { changeOfResponse, type ResponseChange } from './response-change';

export interface ResponseFacts {
  readonly schema: Schema;
  /** What earlier approvers answered; null: nobody has. */
  readonly earlier: Json;
  readonly report: (response: Response) => void;
  /** What was entered before a reload, by name. */
  readonly entered: Readonly<Record<string, string>>;
  readonly enter: (entries: Readonly<Record<string, string>>) => void;
}

/**
 * The form of a gate. Later approvers confirm what the first one answered. The decision is bound to what the person read: if the response is
 * another meanwhile, it is not confirmed before the person says that they have read that one. Loaded when a gate has a form.
 */
export default function ResponseForm({ schema, earlier, report, entered, enter }: ResponseFacts) {
  const [read, acknowledge] = useState(earlier);
  const change = changeOfResponse(read, earlier);
  if (change !== 'none')
    return (
      <Changed change={change} read={read} now={earlier} report={report} acknowledge={() => acknowledge(earlier)} />
    );
  if (earlier !== null) return <Confirmed schema={schema} earlier={earlier} report={report} />;
  return <Filled schema={schema} report={report} entered={entered} enter={enter} />;
}

const CHANGES: Readonly<Record<Exclude<ResponseChange, 'none'>, string>> = {
  filled: 'Another approver has filled in the form meanwhile. Your entries are not sent.',
  changed: 'The response changed since you read it.',
  withdrawn: 'The response changed since you read it: whoever gave it has withdrawn.',
};

interface ChangedFacts extends Pick<ResponseFacts, 'report'> {
  readonly change: Exclude<ResponseChange, 'none'>;
  readonly read: Json;
  readonly now: Json;
  readonly acknowledge: () => void;
}

function Changed({ change, read, now, report, acknowledge }: ChangedFacts) {
  useEffect(() => report({ kind: 'incomplete', why: CHANGES[change] }), [change, report]);
  return (
    <div className="entry" role="alert">
      <h3>{CHANGES[change]}</h3>
      {read === null ? null : (
        <>
          <p>What you read:</p>
          <Value value={read} label="The response that you read" />
        </>
      )}
      {now === null ? (
        <p>Now nobody has filled in the form.</p>
      ) : (
        <>
          <p>What an approval would confirm now:</p>
          <Value value={now} label="The response of earlier approvers" />
        </>
      )}
      <p>
        <button type="button" className="button" onClick={acknowledge}>
          {now === null ? 'Fill in the form' : 'I have read this response'}
        </button>
      </p>
    </div>
  );
}

function Confirmed({ schema, earlier, report }: Pick<ResponseFacts, 'schema' | 'earlier' | 'report'>) {
  // The same response in the answer of another request is another object.
  const text = JSON.stringify(earlier);
  useEffect(() => report({ kind: 'complete', value: JSON.parse(text) as Json }), [text, report]);
  return (
    <div className="entry">
      <h3>The response that you confirm</h3>
      <ResponseValues schema={schema} value={earlier} label="The response of earlier approvers" />
      <p className="faint">
        Earlier approvers gave it. An approval with another response is refused. If it is wrong, they can withdraw their
        approvals and approve with another, or you can reject the request.
      </p>
    </div>
  );
}

function Filled({ schema, report, entered, enter }: Omit<ResponseFacts, 'earlier'>) {
  const fields = useMemo(() => fieldsOfSchema(schema), [schema]);
  const [entries, setEntries] = useState<Entries>(() => ({ ...initialEntries(fields ?? []), ...entered }));
  const [isTouched, touch] = useState(false);
  const [text, write] = useState(entered[WHOLE] ?? '');
  const { response, faults } = useMemo(() => {
    if (fields === null) {
      const { value, faults: found } = readWhole(schema, text);
      return responseOf(value, found.length > 0 ? { '': found } : {}, []);
    }
    const read = readForm(schema, fields, entries);
    return responseOf(read.values, read.faults, fields);
  }, [schema, fields, entries, text]);
  useEffect(() => report(response), [response, report]);
  const shown: FieldFaults = isTouched ? faults : {};
  return (
    <div className="fields" onBlur={() => touch(true)}>
      <h3>The form of this gate</h3>
      {fields === null ? (
        <label className="entry">
          <span className="entry-name">Response, as JSON</span>
          <textarea
            className="field code"
            rows={5}
            spellCheck={false}
            aria-invalid={shown[''] !== undefined}
            value={text}
            onChange={({ target }) => {
              write(target.value);
              enter(hasSecret(schema) ? {} : { [WHOLE]: target.value });
            }}
          />
        </label>
      ) : null}
      <FormFields
        fields={fields ?? []}
        entries={entries}
        faults={shown}
        change={(next) => {
          setEntries(next);
          enter(keptEntries(fields ?? [], next));
        }}
      />
    </div>
  );
}

/** Stands for a response that is written as a whole. */
const WHOLE = '';

function responseOf(value: Json, faults: FieldFaults, fields: readonly Field[]) {
  const wrong = Object.keys(faults);
  if (wrong.length === 0) return { response: { kind: 'complete', value } satisfies Response, faults };
  const names = fields.flatMap(({ name, title }) => (wrong.includes(name) ? [title ?? name] : []));
  const which = names.length === 0 ? 'an approval has a response.' : `${names.join(', ')}.`;
  return { response: { kind: 'incomplete', why: `Complete the form first: ${which}` } satisfies Response, faults };
}
