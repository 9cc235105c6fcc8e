import { generateFiles } from '@nx/devkit';
import { join } from 'node:path';
import ts from 'typescript';
import { finished } from '../finish.mjs';
import { namesOf } from '../names.mjs';
import { mustHaveRoom, oneOf, refuse, sentenceOf } from '../refusal.mjs';
import { Source } from '../source.mjs';

const POSTGRES = 'libs/infrastructure/src/lib/postgres';
const MIGRATIONS = `${POSTGRES}/migrations`;
/** Older migrations are in sub-folders that are named by their numbers, such as 01-19. */
const OLDER = /^\d+-\d+$/;
const SCHEMAS = ['pack_runs', 'pack_run_logs', 'pack_artifacts'];
/** Columns with such names are checked against the list of object references: see object-reference.ts. */
const LOOKS_LIKE_DIGEST = /digest|sha256|bundle$|object|statement$/;
/** Base of the timestamps by which migrations are ordered. A migration adds ten times its number. */
const EPOCH = 1_764_000_000_000;

/** The next migration: a nullable column, or a table of tenants. Both are compatible with services of the previous release. */
export default async function migration(tree, options) {
  const names = namesOf('name', options.name);
  const about = sentenceOf('about', options.about);
  const type = oneOf('type', options.type ?? 'text', ['text', 'bigint', 'boolean', 'json']);
  const written = readAll(tree);
  const { schema, table } = tableOf(options.table);
  const place = `${schema}.${table}`;
  const isThere = new RegExp(`create table ${place}\\b`).test(written.text);
  const column = options.column === undefined ? null : columnOf(options.column);
  if (column !== null && !isThere)
    refuse('table', `there is no table ${place}.`, 'Name one that a migration has made.');
  if (column === null && isThere)
    refuse('table', `${place} is there already.`, 'Choose another name, or add a column to it with --column.');
  if (column !== null && hasColumn(written.text, place, column))
    refuse('column', `${place} has a column ${column} already.`, 'Choose another name.');
  const list = new Source(tree, `${MIGRATIONS}/migrations.ts`);
  const isTaken = list
    .find('list of migrations', ts.isArrayLiteralExpression)
    .elements.some((one) => one.getText() === names.camel);
  if (isTaken || written.names.has(names.pascal))
    refuse('name', `there is a migration ${names.pascal} already.`, 'Choose another name.');

  mustHaveRoom(tree, 'name', MIGRATIONS, 2);

  const number = String(written.number + 1).padStart(2, '0');
  const time = Math.max(EPOCH + Number(number) * 10, written.time + 10);
  const values = { ...names, about, number, time, schema, table, place, column, type, tmpl: '' };
  generateFiles(tree, join(import.meta.dirname, 'files', column === null ? 'table' : 'column'), MIGRATIONS, values);
  list.import([names.camel], `./${number}-${names.kebab}`);
  list.append(list.valueOf('migrations'), names.camel);
  list.write();
  if (column === null) fillForTenants(tree, place);

  return finished(tree, [
    `${MIGRATIONS}/${number}-${names.kebab}.ts: types, keys and rights. Once it is released it never changes.`,
    column === null
      ? `A column run_id makes the table one of runs: then ${POSTGRES}/upkeep/remove-runs.sql must delete its rows.`
      : `Statements that use the column are files beside their adapter in ${POSTGRES}; those of the engine have a model in libs/infrastructure/src/testing/model/statements.`,
    'Services of the release before and after share the schema: nothing may be required of the old ones.',
  ]);
}

/** The result of all existing migrations. */
function readAll(tree) {
  const files = tree.children(MIGRATIONS).filter((file) => /^\d+-.*(?<!spec)\.ts$/.test(file));
  const older = tree
    .children(MIGRATIONS)
    .filter((folder) => OLDER.test(folder))
    .flatMap((folder) => tree.children(`${MIGRATIONS}/${folder}`).map((file) => `${MIGRATIONS}/${folder}/${file}`));
  const paths = [...older, ...files.map((file) => `${MIGRATIONS}/${file}`)];
  const text = paths.map((path) => tree.read(path, 'utf8')).join('\n');
  const stamps = [...text.matchAll(/'([A-Z][A-Za-z0-9]*?)(\d{13})'/g)];
  return {
    text,
    number: Math.max(...paths.map((path) => Number.parseInt(path.split('/').at(-1), 10))),
    names: new Set(stamps.map(([, name]) => name)),
    time: Math.max(...stamps.map(([, , time]) => Number(time))),
  };
}

function tableOf(value) {
  const [, schema = 'pack_runs', table] = /^(?:([a-z_]+)\.)?([a-z][a-z0-9_]{1,50})$/.exec(String(value)) ?? [];
  if (table === undefined)
    refuse(
      'table',
      `${JSON.stringify(value)} is no name of a table.`,
      'Use small letters, digits and _, such as run_notes.',
    );
  if (!SCHEMAS.includes(schema)) refuse('table', `there is no schema ${schema}.`, `Use one of ${SCHEMAS.join(', ')}.`);
  return { schema, table };
}

function columnOf(value) {
  if (!/^[a-z][a-z0-9_]{1,50}$/.test(value))
    refuse(
      'column',
      `${JSON.stringify(value)} is no name of a column.`,
      'Use small letters, digits and _, such as noted_by.',
    );
  if (LOOKS_LIKE_DIGEST.test(value))
    refuse(
      'column',
      `${value} is named like a digest of an object.`,
      `Choose another name, or write the migration by hand and list the column in ${POSTGRES}/upkeep/object-reference.ts.`,
    );
  return value;
}

/** True if the column is part of `create table` or was added later. */
function hasColumn(text, place, column) {
  const name = place.replace('.', '\\.');
  const [, body = ''] = new RegExp(`create table ${name} \\(([\\s\\S]*?)\\n\\)`).exec(text) ?? [];
  const altered = [...text.matchAll(new RegExp(`alter table ${name}\\b[^;]*`, 'g'))].map(([one]) => one).join('\n');
  return new RegExp(`^\\s*${column}\\s`, 'm').test(body) || new RegExp(`add column ${column}\\s`).test(altered);
}

/** The test of tenancy reads each table as each tenant, so a new table needs a row of both. */
function fillForTenants(tree, place) {
  const spec = new Source(tree, `${POSTGRES}/tenancy.int-spec.ts`);
  const first = spec.find(
    'loop that fills tables',
    (node) => ts.isForOfStatement(node) && node.getText().includes('insert into pack_runs.holds values'),
  );
  const last = first.statement.statements.at(-1);
  spec.insert(
    last.getEnd(),
    `\n      await database.sql(\`insert into ${place} values ('\${tenant}', 'a', '{}', 1)\`);`,
  );
  spec.write();
}
