import { escapeIdentifier, type Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { failureOf } from '../connection/sql-state';
import { listed, quoted, type CatalogTable } from './catalog';
import { keyOf, type DamagedRow } from './damaged-values';
import type { BackedUpTable } from './manifest';
import { readRows } from './rows-file';

/** Tables that exist only while rows are restored one by one. */
const [LINES, FOUND] = ['pack_runs.restored_lines', 'pack_runs.restored_damage'];

/**
 * Fills a table from its file. If the database refuses a row, because somebody has damaged it, the rows are restored one by one: the others are
 * stored, and those that were not, or not as they are in the file, are returned.
 */
export async function loadTable(
  client: Client,
  folder: string,
  { table: _, columns, ...file }: BackedUpTable,
  table: CatalogTable,
): Promise<readonly DamagedRow[]> {
  const copy = (into: string, names: readonly string[]) =>
    readRows(folder, file, client.query(copyFrom(`copy ${quoted(into)} (${listed(names)}) from stdin`)));
  await client.query('savepoint load');
  try {
    await copy(table.table, columns);
    await client.query('release savepoint load');
    return [];
  } catch (error) {
    if (failureOf(error) !== 'data') throw error;
    await client.query('rollback to savepoint load');
  }
  await client.query(
    `create table ${LINES} (line_of_file bigint generated always as identity primary key, ${columns.map((name) => `${escapeIdentifier(name)} text`).join(', ')})`,
  );
  await client.query(`create table ${FOUND} (line bigint, reason text, stored boolean)`);
  await copy(LINES, columns);
  await client.query(oneByOne(table, columns));
  const { rows } = await client.query<DamagedRow>(
    `select $1 as table, ${keyOf(table)} as row, f.reason, f.stored as "isStored" from ${FOUND} f join ${LINES} t on t.line_of_file = f.line order by f.line`,
    [table.table],
  );
  await client.query(`drop table ${LINES}, ${FOUND}`);
  return rows;
}

/** SQLSTATE classes of values that the database refuses: `failureOf`. */
const OF_DATA = `('21', '22', '23', '54')`;

/** Inserts each line. One whose documents the server cannot parse is inserted with others in their place. */
function oneByOne(table: CatalogTable, columns: readonly string[]): string {
  const typed = columns.map((name) => ({ name, type: table.columns.find((one) => one.name === name)?.type ?? 'text' }));
  const insert = (valueOf: (column: { readonly name: string; readonly type: string }) => string) =>
    `insert into ${quoted(table.table)} (${listed(columns)}) overriding system value
     select ${typed.map(valueOf).join(', ')} from ${LINES} t where t.line_of_file = one.line_of_file`;
  const cast = ({ name, type }: { readonly name: string; readonly type: string }) =>
    `t.${escapeIdentifier(name)}::${type}`;
  const parsed = (column: { readonly name: string; readonly type: string }) =>
    column.type === 'json' ? `pack_runs.parsed(t.${escapeIdentifier(column.name)})` : cast(column);
  return `do $restore$
declare
  one record;
  why text;
begin
  for one in select line_of_file from ${LINES} order by 1 loop
    begin
      ${insert(cast)};
    exception when others then
      if left(sqlstate, 2) not in ${OF_DATA} then raise; end if;
      why := sqlerrm;
      begin
        ${insert(parsed)};
        insert into ${FOUND} values (one.line_of_file, 'documents in it cannot be read: ' || why, true);
      exception when others then
        if left(sqlstate, 2) not in ${OF_DATA} then raise; end if;
        insert into ${FOUND} values (one.line_of_file, 'it was left out: ' || sqlerrm, false);
      end;
    end;
  end loop;
end $restore$`;
}
