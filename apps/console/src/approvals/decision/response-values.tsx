import '../../run/planned/planned.css';
import { isJsonObject, type Json } from '@taskrunner/core/foundation';
import { fieldsOfSchema, type Schema } from '../../form/field';
import { Value } from '../../run/value';

interface ValuesFacts {
  readonly schema: Schema;
  readonly value: Json;
  readonly label: string;
}

/** A response to a form: its fields in the order of the pack, with their titles and descriptions. */
export function ResponseValues({ schema, value, label }: ValuesFacts) {
  const fields = fieldsOfSchema(schema);
  if (fields === null || !isJsonObject(value)) return <Value value={value} label={label} />;
  const known = new Set(fields.map(({ name }) => name));
  const others = Object.keys(value).filter((name) => !known.has(name));
  return (
    <dl aria-label={label} className="planned">
      {fields.map(({ name, title, description }) => (
        <div key={name}>
          <dt>
            {title === null ? <span className="code">{name}</span> : title}
            {description === null ? null : <span className="faint"> {description}</span>}
          </dt>
          <dd className="code">{wordsOf(value[name])}</dd>
        </div>
      ))}
      {others.map((name) => (
        <div key={name}>
          <dt className="code">{name}</dt>
          <dd className="code">{wordsOf(value[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

function wordsOf(value: Json | undefined): string {
  if (value === undefined) return 'no answer';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
