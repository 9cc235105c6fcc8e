import { statementFile, statementFiles } from './statement-files';

/** An SQL statement. A named one is prepared once per connection and soon planned once. */
export interface Statement {
  readonly name: string | undefined;
  readonly text: string;
}

/** A statement with its values, for `pg`. */
export function queryOf<Value>(
  { name, text }: Statement,
  values: readonly Value[],
): Statement & { readonly values: Value[] } {
  return { name, text, values: [...values] };
}

let texts: ReadonlyMap<string, string> | undefined;
const loaded = new Map<string, Statement>();

/**
 * The statement in `<folder>/<name>.sql`. Throws if it does not exist: adapters load theirs when they are created. `inFolder`: its folder, if the
 * others are not to be read, which takes longer than all that a thread with one statement does.
 */
export function statement(name: string, inFolder?: string): Statement {
  const known = loaded.get(name);
  if (known) return known;
  const read = { name, text: inFolder === undefined ? textOf(name) : statementFile(inFolder, name) };
  loaded.set(name, read);
  return read;
}

function textOf(name: string): string {
  texts ??= statementFiles();
  const text = texts.get(name);
  if (text === undefined) throw new Error(`there is no statement ${name}.sql`);
  return text;
}

/** The same statement without a name, which is planned for its parameters each time. For optional filters. */
export function plannedEachTime(name: string): Statement {
  return { name: undefined, text: statement(name).text };
}
