import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A statement. With a name it is prepared once per connection and soon planned once. */
export interface Statement {
  readonly name: string | undefined;
  readonly text: string;
}

// The same path from `src/lib/postgres` and from `dist/lib/postgres`.
const folder = join(__dirname, '..', '..', '..', 'sql');
const loaded = new Map<string, Statement>();

/** The statement kept in `sql/<name>.sql`. Throws if there is none: adapters load theirs when they are made. */
export function statement(name: string): Statement {
  const known = loaded.get(name);
  if (known) return known;
  const read = { name, text: readFileSync(join(folder, `${name}.sql`), 'utf8') };
  loaded.set(name, read);
  return read;
}

/** The same without its name: planned for its parameters each time. For filters that may be absent. */
export function plannedEachTime(name: string): Statement {
  return { name: undefined, text: statement(name).text };
}
