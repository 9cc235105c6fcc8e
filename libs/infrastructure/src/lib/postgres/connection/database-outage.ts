import { failureOf } from './sql-state';

/** SQLSTATE (PostgreSQL, appendix A), and what an operator does about it. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^53100$/, 'the disk of the database is full'],
  [/^53200$/, 'the database server has no free memory'],
  [/^53300$/, 'the database server has no free connection'],
  [/^53/, 'the database server has reached a limit'],
  [/^25006$/, 'the database is read-only'],
  [/^42501$/, 'the database server cannot write its files'],
  [/^(40001|40P01|55P03|57014)$/, 'the database is busy'],
];

/** Why the database did not execute a statement that may succeed later; null if the error has another cause. Names no file and no host. */
export function outageOf(error: unknown): string | null {
  const failure = failureOf(error);
  if (failure !== 'again' && failure !== 'lost') return null;
  const { code } = error as { code?: unknown };
  const known =
    typeof code === 'string' && failure === 'again' ? REASONS.find(([state]) => state.test(code)) : undefined;
  return known?.[1] ?? 'the database does not respond';
}

/** The disk is full, the server is read-only, or its disk fails: it answers, and stores nothing, whoever asks. */
const UNWRITABLE = /^(53100|25006|58030)$/;

/** True if the error means that the database stores no rows at all, although it may answer queries. */
export function storesNothing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return false;
  return UNWRITABLE.test(code) || (code === '42501' && failureOf(error) === 'again');
}
