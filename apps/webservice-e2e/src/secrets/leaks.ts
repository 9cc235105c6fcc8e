import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redactor } from '@taskrunner/core/secret';
import type { Client } from 'pg';
import { BODY_PIN, FILE_SECRET, PIN, VARIABLE_SECRET } from './packs';

const redactor = Redactor.of([FILE_SECRET, VARIABLE_SECRET, PIN, BODY_PIN].map((one) => new TextEncoder().encode(one)));

/** Encodings that are computed without the product's code, so that a gap in its masking is detected. */
const needles = [FILE_SECRET, VARIABLE_SECRET, PIN, BODY_PIN].flatMap((one) => [
  one,
  JSON.stringify(one).slice(1, -1),
  encodeURIComponent(one),
  Buffer.from(one).toString('hex'),
  ...['', 'a', 'ab'].map((before) =>
    Buffer.from(before + one)
      .toString('base64')
      .slice(before === '' ? 0 : 4, -6),
  ),
]);

/** The place of a secret in any encoding; null if there is none. */
export function leak(where: string, data: Uint8Array | string): string | null {
  const text = Buffer.from(data).toString('latin1');
  const raw = Buffer.from(data).toString();
  const isThere = needles.some((one) => text.includes(one) || raw.includes(one)) || redactor.holds(Buffer.from(data));
  return isThere ? where : null;
}

/** Searches every text, JSON and byte column of every table. */
export async function databaseLeaks(sql: Client): Promise<readonly string[]> {
  const { rows: columns } = await sql.query<{ table: string; column: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, quote_ident(a.attname) as column
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname like 'pack%' and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`,
  );
  expect(columns.length).toBeGreaterThan(100);
  const leaks: string[] = [];
  for (const { table, column } of columns) {
    const { rows } = await sql.query<{ v: string | null; b: string | null }>(
      `select ${column}::text as v, encode(convert_to(${column}::text, 'UTF8'), 'escape') as b from ${table} where ${column} is not null`,
    );
    for (const { v } of rows) {
      const bytes = v?.startsWith('\\x') ? Buffer.from(v.slice(2), 'hex') : Buffer.from(v ?? '');
      const found = leak(`${table}.${column}`, bytes);
      if (found) leaks.push(found);
    }
  }
  return leaks;
}

/** Searches every file below a folder, and its path. */
export function fileLeaks(root: string, skipped: RegExp): readonly string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || skipped.test(path)) return [];
    return leak(path, readFileSync(path)) ?? leak(`${path} (name)`, path) ?? [];
  });
}
