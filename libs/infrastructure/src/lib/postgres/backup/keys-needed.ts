import type { KeyDifference, KeyUse } from '@taskrunner/core/ports';
import type { Client } from 'pg';
import { statement } from '../connection/statement';
import type { RecordedKey } from '../keys/postgres-key-records';
import { differenceText } from '../keys/keys-differ';
import { BackupError } from './backup-error';
import type { BackedUpKey, Manifest } from './manifest';

interface Signed {
  readonly key: string;
  /** True if a webservice does not start without the key, even if the key has not signed any row yet. */
  readonly isNeeded: boolean;
  /** SQL that yields envelopes in the column `envelope`. */
  readonly envelopes: string;
}

const SIGNED: readonly Signed[] = [
  { key: 'admission', isNeeded: true, envelopes: 'select admission as envelope from pack_runs.run_sources' },
  {
    key: 'ledger',
    isNeeded: true,
    envelopes: `select envelope from pack_runs.decisions union all select envelope from pack_runs.resolutions
      union all select envelope from pack_runs.releases`,
  },
  { key: 'checkpoint', isNeeded: false, envelopes: 'select envelope from pack_runs.audit_checkpoints' },
];

/**
 * Keys that a restored database needs: public ids of the keys that have signed its rows, identifiers of the secret keys, and the subset
 * that services require. A required key that has signed nothing is included.
 */
export async function keysNeeded(client: Client): Promise<Manifest['keys']> {
  const { text } = statement('keys-in-use');
  const { rows: recorded } = await client.query<RecordedKey>(text, [null]);
  const keys: BackedUpKey[] = [];
  for (const { key, isNeeded, envelopes } of SIGNED) {
    const required = requiredOf(key, recorded);
    // Altered data that is not a valid envelope has no key id.
    const { rows } = await client.query<{ id: string }>(
      `select distinct id from (select pack_runs.readable(envelope) -> 'signatures' -> 0 ->> 'keyid' as id from (${envelopes}) e) s
       where id <> '' order by 1`,
    );
    const ids = [...new Set([...rows.map(({ id }) => id), ...required])].sort();
    if (isNeeded || ids.length > 0) keys.push({ key, ids, required });
  }
  keys.push({ key: 'journal-mac', ids: idsOf('journal-mac', recorded), required: requiredOf('journal-mac', recorded) });
  const { rows } = await client.query<{ some: boolean }>(
    'select exists (select from pack_runs.sensitive_inputs) as some',
  );
  if (rows[0]?.some === true)
    keys.push({
      ...{ key: 'sensitive-inputs', ids: idsOf('sensitive-inputs', recorded) },
      required: requiredOf('sensitive-inputs', recorded),
    });
  return keys;
}

function idsOf(key: string, recorded: readonly RecordedKey[]): readonly string[] {
  return recorded.filter(({ use }) => use === key).map(({ id }) => id);
}

function requiredOf(key: string, recorded: readonly RecordedKey[]): readonly string[] {
  return recorded.filter(({ use, needed }) => use === key && needed).map(({ id }) => id);
}

/** Keys in the files of a configuration, with the reason if one cannot be read. */
export interface KeysOfFiles {
  readonly use: KeyUse;
  readonly ids: readonly string[];
  readonly files: readonly string[];
  readonly fault: string | null;
}

/** Handling of missing keys. `check`: the restore fails. `report`: they are reported. */
export const RESTORED_KEYS = ['check', 'report'] as const;
export type RestoredKeys = (typeof RESTORED_KEYS)[number];

/** Keys of a backup that are required and missing from the configured files. */
export function keysMissing({ keys }: Manifest, atHand: readonly KeysOfFiles[]): readonly KeyDifference[] {
  return keys.flatMap(({ key, required }) => {
    const use = key as KeyUse;
    const held: Omit<KeysOfFiles, 'fault'> = atHand.find((one) => one.use === use) ?? { use, ids: [], files: [] };
    const needed = required.filter((id) => !held.ids.includes(id));
    return needed.length === 0 ? [] : [{ use, needed, held }];
  });
}

/** Throws `BACKUP_KEYS_MISSING` if a key is missing. */
export function refuseMissingKeys(missing: readonly KeyDifference[], atHand: readonly KeysOfFiles[]): void {
  if (missing.length === 0) return;
  const texts = missing.map((one) => {
    const fault = atHand.find(({ use }) => use === one.use)?.fault ?? null;
    return fault === null ? differenceText(one) : `${one.use} ${one.needed.join(', ')} is needed: ${fault}`;
  });
  throw new BackupError(
    'BACKUP_KEYS_MISSING',
    `the configured keys do not match the backup:\n${texts.join('\n')}`,
    'Put the key files with these ids at the paths that `keys` of the configuration sets, and restore as the user that owns them. ' +
      '`--keys report` restores the database without them; services that lack them refuse to start (DB_KEYS_DIFFER).',
  );
}
