import '../../style/packs.css';
import './reading.css';
import type { Json } from '@taskrunner/core/foundation';
import { Value } from '../../run/value';
import { valuesIn, type ShownValue, type ValueTable } from './tables-in';

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

function ShownTable({ table: { columns, rows }, name }: { readonly table: ValueTable; readonly name: string }) {
  return (
    <div className="table-frame">
      <table className="table stacked findings">
        <caption className="unseen">
          {name}, {rows.length} {rows.length === 1 ? 'row' : 'rows'}
        </caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, at) => (
            <tr key={at}>
              {cells.map((text, place) => (
                <td key={columns[place]} data-label={columns[place]}>
                  {text ?? <span className="faint">–</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
