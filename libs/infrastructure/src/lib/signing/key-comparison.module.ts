import { Module, type DynamicModule } from '@nestjs/common';
import { fingerprint, type KeyRing, type KeyUsage } from '@taskrunner/core/evidence';
import { KeyRecords, type HeldKeys, type KeyUse, type SensitiveInputs } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { keyPathsOf } from '../configuration/key-paths';
import { keysDiffer } from '../postgres/keys/keys-differ';
import type { PostgresRole } from '../postgres/postgres.module';
import { ADMISSION_SIGNER, JOURNAL_KEY, LEDGER_SIGNER, RECORD_KEYS, SENSITIVE_INPUTS_KEY } from './signing.module';

/** The keys of this process, after they were compared with the keys with which rows were made. */
export const COMPARED_KEYS = token<readonly HeldKeys[]>('keys that were compared with the database');

const ROLES = {
  web: provide(
    COMPARED_KEYS,
    {
      records: KeyRecords,
      admission: ADMISSION_SIGNER,
      ledger: LEDGER_SIGNER,
      sensitive: SENSITIVE_INPUTS_KEY,
      configuration: CONFIGURATION,
    },
    async ({ records, admission, ledger, sensitive, configuration }) => {
      const paths = keyPathsOf(configuration);
      const keys: readonly HeldKeys[] = [
        { use: 'admission', ids: [admission.keyid], files: [paths.admission] },
        { use: 'ledger', ids: [ledger.keyid], files: [paths.ledger] },
        sensitiveKey(sensitive, paths.sensitiveInputs.path),
      ];
      const differences = await records.ofWebservice(keys);
      if (differences.length > 0) throw keysDiffer(differences);
      return keys;
    },
  ),
  worker: provide(
    COMPARED_KEYS,
    {
      records: KeyRecords,
      ring: RECORD_KEYS,
      journal: JOURNAL_KEY,
      sensitive: SENSITIVE_INPUTS_KEY,
      configuration: CONFIGURATION,
    },
    async ({ records, ring, journal, sensitive, configuration }) => {
      const paths = keyPathsOf(configuration);
      const keys: readonly HeldKeys[] = [
        publicKeys('admission', ring, paths.admissionPublic),
        publicKeys('ledger', ring, paths.ledgerPublic),
        { use: 'journal-mac', ids: [journal.keyid], files: [paths.journalMac] },
        sensitiveKey(sensitive, paths.sensitiveInputs.path),
      ];
      const differences = await records.ofWorker(keys);
      if (differences.length > 0) throw keysDiffer(differences);
      return keys;
    },
  ),
};

/**
 * Compares the keys of a process with those with which rows were made, before anything starts. With another key the process would treat
 * valid rows as altered, and halt their runs permanently.
 */
@Module({})
export class KeyComparisonModule {
  /** `imports`: the modules of the database and of the keys. Composition fails with `DB_KEYS_DIFFER`. */
  static forRoot({ role, imports }: { readonly role: PostgresRole; readonly imports: DynamicModule[] }): DynamicModule {
    return { module: KeyComparisonModule, imports, providers: [ROLES[role]], exports: [COMPARED_KEYS] };
  }
}

function publicKeys(use: KeyUse & KeyUsage, { keys }: KeyRing, files: readonly string[]): HeldKeys {
  return { use, ids: keys.filter(({ usages }) => usages.includes(use)).map(({ spki }) => fingerprint(spki)), files };
}

function sensitiveKey(key: SensitiveInputs | null, file: string): HeldKeys {
  return { use: 'sensitive-inputs', ids: key === null ? [] : key.keyid === null ? null : [key.keyid], files: [file] };
}
