import { escapeIdentifier, type Client } from 'pg';
import { UNREADABLE_DOCUMENT } from '../connection/json-column';
import { quoted, type CatalogTable } from './catalog';

/** A row that is not stored as it was, because somebody has damaged it. */
export interface DamagedRow {
  /** `schema.table` */
  readonly table: string;
  /** Values of its key. */
  readonly row: string;
  readonly reason: string;
  /** False: the row is left out. True: values of it are. */
  readonly isStored: boolean;
}

/**
 * Maximum size of a row as text, bytes, in a backup. PostgreSQL cannot write or read a row of 1 GiB. The product stores rows of some tens of
 * megabytes.
 */
const ROW = 256 * 1024 * 1024;
/** Values up to this size stay in every row. */
const VALUE = 1024 * 1024;
/** Stored sizes up to this are not larger than a value of 16 MiB, however well they are compressed. */
const STORED = 64 * 1024;

/** SQL for the size of a value as text. Of a compressed one it is known without reading it, unless it is a document. */
function sizeOf({ name, type }: CatalogTable['columns'][number]): string | null {
  const column = `t.${escapeIdentifier(name)}`;
  if (type === 'text') return `octet_length(${column})::bigint`;
  if (type === 'bytea') return `octet_length(${column})::bigint * 2`;
  if (type === 'json')
    return `case when pg_column_size(${column}) < ${STORED} then 0 else octet_length(${column}::text) end::bigint`;
  // Lists of the product are short. The text of a long one can be longer than any text.
  if (type.endsWith('[]')) return `case when pg_column_size(${column}) < ${STORED} then 0 else ${ROW} + 1 end::bigint`;
  return null;
}

/** SQL for the value in the place of one that is too large. Readers of the row refuse it. */
function standInFor({ type, required }: CatalogTable['columns'][number]): string {
  if (type === 'json') return `'"${UNREADABLE_DOCUMENT}"'::json`;
  if (!required) return 'null';
  return type === 'text' ? `''::text` : type === 'bytea' ? `''::bytea` : `'{}'::${type}`;
}

/** A query for the rows of a table that a backup can store. Of a row that is too large, its large values are replaced. */
export function storableRows(table: CatalogTable): string {
  const isLarge = isTooLarge(table);
  const columns = table.columns.map((column) => {
    const [name, size] = [escapeIdentifier(column.name), sizeOf(column)];
    if (size === null) return `t.${name}`;
    return `case when ${size} > ${VALUE} and ${isLarge} then ${standInFor(column)} else t.${name} end as ${name}`;
  });
  return `select ${columns.join(', ')} from ${quoted(table.table)} t`;
}

/** The rows of a table that a backup does not store as they are. */
export async function tooLargeRows(client: Client, table: CatalogTable): Promise<readonly DamagedRow[]> {
  const { rows } = await client.query<{ row: string }>(
    `select ${keyOf(table)} as row from ${quoted(table.table)} t where ${isTooLarge(table)}`,
  );
  return rows.map(({ row }) => ({
    table: table.table,
    row,
    reason: 'it is too large: its large values were left out',
    isStored: true,
  }));
}

/** SQL for the values of the key of a row `t`. */
export function keyOf({ key }: CatalogTable): string {
  return `left(concat_ws(' ', ${['null', ...key.map((name) => `t.${escapeIdentifier(name)}`)].join(', ')}), 200)`;
}

function isTooLarge({ columns }: CatalogTable): string {
  const sizes = columns.flatMap((column) => sizeOf(column) ?? []).map((size) => `coalesce(${size}, 0)`);
  return sizes.length === 0 ? 'false' : `(${sizes.join(' + ')}) > ${ROW}`;
}
