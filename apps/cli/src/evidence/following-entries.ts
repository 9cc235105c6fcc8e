import { chainFault, type AuditEntry } from '@taskrunner/core/evidence';
import { CliError } from '../terminal/cli-error';

/** The entries of an export that exists. Throws `CLI_AUDIT_CHAIN` if they do not form a chain: what follows would not repair it. */
export function intactEntries(file: string, entries: readonly AuditEntry[]): readonly AuditEntry[] {
  const fault = chainFault(entries);
  if (fault === null) return entries;
  throw new CliError(
    'CLI_AUDIT_CHAIN',
    `${file} was altered: entry ${fault.seq}: ${fault.reason}. Nothing was appended`,
    'Keep the file, and export the chain from its first entry with --file and another path.',
  );
}

/** Where the pages begin that `followingEntries` reads: with the last entry of the file, which the server must still have. */
export function pageStart(last: AuditEntry | undefined): number {
  return last === undefined ? 0 : last.seq - 1;
}

/**
 * What a server has after the last entry of a file, a page at a time. Throws `CLI_AUDIT_CHAIN` if it does not continue the file. A new
 * export is not checked: a chain that the server holds altered must be exported to be shown.
 */
export async function* followingEntries(
  file: string | undefined,
  last: AuditEntry | undefined,
  pages: AsyncIterable<readonly AuditEntry[]>,
): AsyncGenerator<readonly AuditEntry[]> {
  let expected = last;
  for await (const entries of pages) {
    if (expected === undefined) {
      yield entries;
      continue;
    }
    const [first, ...later] = entries;
    if (first?.seq !== expected.seq || first.hash !== expected.hash) throw anotherChain(file, expected);
    const fault = chainFault([expected, ...later.slice(0, 1)]);
    if (fault !== null) throw anotherChain(file, expected);
    expected = undefined;
    if (later.length > 0) yield later;
  }
  if (expected !== undefined) throw anotherChain(file, expected);
}

function anotherChain(file: string | undefined, { seq }: AuditEntry): CliError {
  return new CliError(
    'CLI_AUDIT_CHAIN',
    `the chain of the server does not continue ${file ?? 'the export'}, whose last entry is ${seq}. Nothing was appended`,
    'Keep the file. Export the chain from its first entry with --file and another path, and ask the operator why it differs.',
  );
}
