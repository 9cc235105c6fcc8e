import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

// The SQL file of each statement is beside the adapter that sends it. The relative path is the same from `src/lib/postgres/connection` and
// from `dist/lib/postgres/connection`.
const folder = join(__dirname, '..', '..', '..', '..', 'src', 'lib', 'postgres');

/**
 * The text of each statement by name. Names are unique across folders, because they identify prepared statements. The bundle of the command line
 * has another module in the place of this one, which contains the texts.
 */
export function statementFiles(): ReadonlyMap<string, string> {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.sql'));
  const found = new Map(files.map((file) => [basename(file, '.sql'), readFileSync(join(folder, file), 'utf8')]));
  if (found.size < files.length) throw new Error('two statements have the same name');
  return found;
}

/** The text of one statement, without a look at the others. */
export function statementFile(inFolder: string, name: string): string {
  return readFileSync(join(folder, inFolder, `${name}.sql`), 'utf8');
}
