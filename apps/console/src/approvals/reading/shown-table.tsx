import { useState } from 'react';
import type { ValueTable } from './tables-in';

/** Rows of a table that stand on the page at once. */
const ROWS = 100;

interface TableFacts {
  readonly table: ValueTable;
  readonly name: string;
}

/** A list of findings, with how many there are of each severity above it. A long one has pages. */
export function ShownTable({ table: { columns, rows, counts }, name }: TableFacts) {
  const [page, turn] = useState(0);
  const [opened, open] = useState<ReadonlySet<number>>(new Set([0]));
  const pages = Math.ceil(rows.length / ROWS);
  const first = page * ROWS;
  const shown = rows.slice(first, first + ROWS);
  const show = (next: number): void => {
    turn(next);
    open(new Set([...opened, next]));
  };
  return (
    <>
      <p>
        {rows.length} {rows.length === 1 ? 'row' : 'rows'}
        {counts.length === 0 ? '' : `: ${counts.join(', ')}`}
      </p>
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
            {shown.map((cells, at) => (
              <tr key={first + at}>
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
      {pages === 1 ? null : (
        // The request is not shown to its end before all pages were opened.
        <nav className="pages" aria-label={`Pages of ${name}`} {...(opened.size < pages ? { [UNOPENED]: '' } : {})}>
          <span className="faint number" role="status">
            Rows {first + 1} to {first + shown.length} of {rows.length}
          </span>
          <span className="bar-space" />
          <button type="button" className="button" disabled={page === 0} onClick={() => show(page - 1)}>
            Previous rows
          </button>
          <button type="button" className="button" disabled={page === pages - 1} onClick={() => show(page + 1)}>
            Next rows
          </button>
        </nav>
      )}
    </>
  );
}

/** Marks the pages of a table of which some were not opened. */
export const UNOPENED = 'data-unopened';
