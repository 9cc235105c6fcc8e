import type { ReactNode } from 'react';

/** Most rows that are shown at the beginning and at the end of a table, each. */
const HALF = 250;

interface RowsFacts<Row> {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** In place of a table without rows. */
  readonly none: string;
  readonly cells: (row: Row) => readonly ReactNode[];
}

/** A table of a report. Of many rows the first and the last are shown; the file for an auditor has more. */
export function Rows<Row>({ caption, columns, rows, none, cells }: RowsFacts<Row>) {
  if (rows.length === 0) return none === '' ? null : <p>{none}</p>;
  const isLong = rows.length > 2 * HALF;
  const shown = isLong ? [...rows.slice(0, HALF), ...rows.slice(-HALF)] : rows;
  return (
    <>
      {isLong ? (
        <p>
          {rows.length} rows, of which the first and the last {HALF} are shown.
        </p>
      ) : null}
      <div className="table-frame" role="region" aria-label={caption} tabIndex={0}>
        <table className="table paper-table">
          <caption className="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={at}>
                {cells(row).map((cell, place) => (
                  <td key={place} data-label={columns[place]}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
