import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** An SQL statement. A named one is prepared once per connection and soon planned once. */
export interface Statement {
  readonly name: string | undefined;
  readonly text: string;
}

// The SQL file of each statement is beside the adapter that sends it. The relative path is the same from `src/lib/postgres/connection` and
// from `dist/lib/postgres/connection`.
const folder = join(__dirname, '..', '..', '..', '..', 'src', 'lib', 'postgres');
let places: ReadonlyMap<string, string> | undefined;
const loaded = new Map<string, Statement>();

/** Path of each statement by name. Names are unique across folders, because they identify prepared statements. */
function placesOfStatements(): ReadonlyMap<string, string> {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.sql'));
  const found = new Map(files.map((file) => [basename(file, '.sql'), join(folder, file)]));
  if (found.size < files.length) throw new Error('two statements have the same name');
  return found;
}

/**
 * The statement in `<folder>/<name>.sql`. Throws if it does not exist: adapters load theirs when they are created. `inFolder`: its folder, if the
 * others are not to be listed, which takes longer than all that a thread with one statement does.
 */
export function statement(name: string, inFolder?: string): Statement {
  const known = loaded.get(name);
  if (known) return known;
  const read = {
    name,
    text: readFileSync(inFolder === undefined ? placeOf(name) : join(folder, inFolder, `${name}.sql`), 'utf8'),
  };
  loaded.set(name, read);
  return read;
}

function placeOf(name: string): string {
  places ??= placesOfStatements();
  const place = places.get(name);
  if (place === undefined) throw new Error(`there is no statement ${name}.sql`);
  return place;
}

/** The same statement without a name, which is planned for its parameters each time. For optional filters. */
export function plannedEachTime(name: string): Statement {
  return { name: undefined, text: statement(name).text };
}
