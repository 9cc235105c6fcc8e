import { useEffect, useMemo, useState } from 'react';
import type { Json } from '@taskrunner/core/foundation';
import { fieldsOfSchema, type Schema } from '../form/field';
import { FormFields } from '../form/form-fields';
import { initialEntries, readForm, readWhole, type Entries, type FieldFaults } from '../form/read-fields';
import { Value } from '../run/value';
import type { Response } from './may-decide';

interface ResponseFacts {
  readonly schema: Schema;
  /** What earlier approvers answered; null: nobody has. */
  readonly earlier: Json;
  readonly report: (response: Response) => void;
}

/** The form of a gate. Later approvers confirm what the first one answered. Loaded when a gate has one. */
export default function ResponseForm({ schema, earlier, report }: ResponseFacts) {
  if (earlier !== null) return <Confirmed earlier={earlier} report={report} />;
  return <Filled schema={schema} report={report} />;
}

function Confirmed({ earlier, report }: Pick<ResponseFacts, 'earlier' | 'report'>) {
  useEffect(() => report({ kind: 'complete', value: earlier }), [earlier, report]);
  return (
    <div className="entry">
      <h3>The response that you confirm</h3>
      <Value value={earlier} label="The response of earlier approvers" />
      <p className="faint">Earlier approvers gave it. An approval with another response is refused.</p>
    </div>
  );
}

const INCOMPLETE = 'Complete the form first: an approval has a response.';

function Filled({ schema, report }: Pick<ResponseFacts, 'schema' | 'report'>) {
  const fields = useMemo(() => fieldsOfSchema(schema), [schema]);
  const [entries, setEntries] = useState<Entries>(() => initialEntries(fields ?? []));
  const [isTouched, touch] = useState(false);
  const [text, write] = useState('');
  const { response, faults } = useMemo(() => {
    if (fields === null) {
      const { value, faults: found } = readWhole(schema, text);
      return { response: responseOf(value, found.length > 0), faults: found.length > 0 ? { '': found } : {} };
    }
    const read = readForm(schema, fields, entries);
    return { response: responseOf(read.values, Object.keys(read.faults).length > 0), faults: read.faults };
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
            onChange={({ target }) => write(target.value)}
          />
        </label>
      ) : null}
      <FormFields fields={fields ?? []} entries={entries} faults={shown} change={setEntries} />
    </div>
  );
}

function responseOf(value: Json, isWrong: boolean): Response {
  return isWrong ? { kind: 'incomplete', why: INCOMPLETE } : { kind: 'complete', value };
}
