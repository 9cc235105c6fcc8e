import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A statement. With a name it is prepared once per connection and soon planned once. */
export interface Statement {
  readonly name: string | undefined;
  readonly text: string;
}

// Each statement lies beside the adapter that sends it. The same path from `src/lib/postgres/connection` and from `dist/lib/postgres/connection`.
const folder = join(__dirname, '..', '..', '..', '..', 'src', 'lib', 'postgres');
let places: ReadonlyMap<string, string> | undefined;
const loaded = new Map<string, Statement>();

/** Name → path of each statement. No two rooms have one of the same name: prepared statements are known by it. */
function placesOfStatements(): ReadonlyMap<string, string> {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.sql'));
  const found = new Map(files.map((file) => [basename(file, '.sql'), join(folder, file)]));
  if (found.size < files.length) throw new Error('two statements have the same name');
  return found;
}

/** The statement kept in `<room>/<name>.sql`. Throws if there is none: adapters load theirs when they are made. */
export function statement(name: string): Statement {
  const known = loaded.get(name);
  if (known) return known;
  places ??= placesOfStatements();
  const place = places.get(name);
  if (place === undefined) throw new Error(`there is no statement ${name}.sql`);
  const read = { name, text: readFileSync(place, 'utf8') };
  loaded.set(name, read);
  return read;
}

/** The same without its name: planned for its parameters each time. For filters that may be absent. */
export function plannedEachTime(name: string): Statement {
  return { name: undefined, text: statement(name).text };
}
