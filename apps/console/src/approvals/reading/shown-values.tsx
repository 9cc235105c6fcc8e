import '../../style/packs.css';
import './reading.css';
import type { Json } from '@taskrunner/core/foundation';
import { Value } from '../../run/value';
import { ShownTable } from './shown-table';
import { valuesIn, type ShownValue } from './tables-in';

interface ValuesFacts {
  readonly value: Json;
  readonly label: string;
}

/** What a gate shows. Lists of findings are tables; the exact value stays within reach, because a table does not tell `3` from `"3"`. */
export function ShownValues({ value, label }: ValuesFacts) {
  const parts = valuesIn(value);
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'value') return <Value value={value} label={label} />;
  return (
    <>
      {parts.map((part) => (
        <Shown key={part.name ?? ''} part={part} label={label} />
      ))}
      <details>
        <summary>The same as JSON</summary>
        <Value value={value} label={`${label} as JSON`} />
      </details>
    </>
  );
}

function Shown({ part, label }: { readonly part: ShownValue; readonly label: string }) {
  const name = part.name ?? label;
  if (part.kind === 'text')
    return (
      <p className="shown-text">
        <span className="faint">{part.name}:</span> {part.text}
      </p>
    );
  return (
    <>
      {part.name === null ? null : <h3>{part.name}</h3>}
      {part.kind === 'table' ? (
        <ShownTable table={part.table} name={name} />
      ) : (
        <Value value={part.value} label={name} />
      )}
    </>
  );
}
