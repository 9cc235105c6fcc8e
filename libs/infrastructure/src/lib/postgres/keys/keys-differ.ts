import type { KeyDifference } from '@taskrunner/core/ports';
import { DatabaseError } from '../connection/database-error';

/** The error `DB_KEYS_DIFFER` with which a service refuses to start. It lists each key with its files and the ids of their contents. */
export function keysDiffer(differences: readonly KeyDifference[]): DatabaseError {
  return new DatabaseError(
    'DB_KEYS_DIFFER',
    `the database rows were created with other keys: ${differences.map(differenceText).join('; ')}`,
    'Give this process the key files with these ids. A new public key goes to all workers first, beside the old one ' +
      '(keys.admissionPublic, keys.ledgerPublic). To replace a shared key, first let all runs end and be sealed, and stop all workers.',
  );
}

/** Describes the required key and the key in the files. */
export function differenceText({ use, needed, held }: KeyDifference): string {
  const files = held.files.join(', ');
  if (needed.length === 0)
    return `${use} ${held.ids?.join(', ')} of ${files} is new, but the running workers do not have its public key`;
  const found =
    held.ids === null || held.ids.length === 0 ? `${files} does not exist` : `${files} has ${held.ids.join(', ')}`;
  return `${use} ${needed.join(', ')} is needed, ${found}`;
}
