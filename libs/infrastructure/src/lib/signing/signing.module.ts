import { existsSync } from 'node:fs';
import { Module, type DynamicModule, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import { verifySignature, type KeyRing, type KeyUsage, type VerificationKey } from '@taskrunner/core/evidence';
import type { SensitiveInputs, Signer } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { keyPathsOf } from '../configuration/key-paths';
import { FileSigner } from './file-signer';
import { loadKey } from './key-file';
import { loadMacKey, type MacKey } from './mac-key';
import { loadPublicKeys, publicKeyOf } from './public-keys';
import { loadSensitiveInputsKey } from './sensitive-key';

/** Signs admissions of runs. */
export const ADMISSION_SIGNER = token<Signer<'admission'>>('signer of admissions');
/** Keys that admissions and records of schedules are verified with: the one that signs admissions, and those that `keys.admissionPublic` lists. */
export const ADMISSION_KEYS = token<KeyRing>('keys that admissions are verified with');
/** Signs decisions of people: at gates, for attention, and about withheld evidence. */
export const LEDGER_SIGNER = token<Signer<'ledger'>>('signer of decisions');
/** Signs checkpoints of audit chains. Null if there is no such key; no checkpoints are signed then. */
export const CHECKPOINT_SIGNER = token<Signer<'checkpoint'> | null>('signer of checkpoints');
/** Encrypts sensitive inputs. Null if there is no such key; packs with sensitive inputs are refused then. */
export const SENSITIVE_INPUTS_KEY = token<SensitiveInputs | null>('key of sensitive inputs');
/** Authenticates pages of journals, and assignments. */
export const JOURNAL_KEY = token<MacKey>('key of journals');
/** Public keys of the webservice, for verifying admissions, decisions, resolutions and releases. Of a webservice: its own, and those that are listed. */
export const RECORD_KEYS = token<KeyRing>('keys that records are verified with');

const KEYS = {
  admission: provide(ADMISSION_SIGNER, { configuration: CONFIGURATION }, ({ configuration }) =>
    FileSigner.open('admission', keyPathsOf(configuration).admission),
  ),
  schedules: provide(ADMISSION_KEYS, { configuration: CONFIGURATION }, async ({ configuration }) => {
    const { admission } = keyPathsOf(configuration);
    return { keys: await ownAndListed(admission, configuration.keys.admissionPublic, 'admission'), verifySignature };
  }),
  ownRecords: provide(RECORD_KEYS, { configuration: CONFIGURATION }, async ({ configuration }) => {
    const { admission, ledger } = keyPathsOf(configuration);
    const { admissionPublic, ledgerPublic } = configuration.keys;
    const keys = [
      await ownAndListed(admission, admissionPublic, 'admission'),
      await ownAndListed(ledger, ledgerPublic, 'ledger'),
    ].flat();
    return { keys, verifySignature };
  }),
  ledger: provide(LEDGER_SIGNER, { configuration: CONFIGURATION }, ({ configuration }) =>
    FileSigner.open('ledger', keyPathsOf(configuration).ledger),
  ),
  checkpoint: provide(CHECKPOINT_SIGNER, { configuration: CONFIGURATION }, async ({ configuration }) => {
    const { path, required } = keyPathsOf(configuration).checkpoint;
    return required || existsSync(path) ? FileSigner.open('checkpoint', path) : null;
  }),
  sensitiveInputs: provide(SENSITIVE_INPUTS_KEY, { configuration: CONFIGURATION }, async ({ configuration }) => {
    const { path, required } = keyPathsOf(configuration).sensitiveInputs;
    return required || existsSync(path) ? loadSensitiveInputsKey(path) : null;
  }),
  journal: provide(JOURNAL_KEY, { configuration: CONFIGURATION }, ({ configuration }) =>
    loadMacKey(keyPathsOf(configuration).journalMac),
  ),
  records: provide(RECORD_KEYS, { configuration: CONFIGURATION }, async ({ configuration }) => {
    const { admissionPublic, ledgerPublic } = keyPathsOf(configuration);
    const keys = [
      await loadPublicKeys(admissionPublic, 'admission'),
      await loadPublicKeys(ledgerPublic, 'ledger'),
    ].flat();
    return { keys, verifySignature };
  }),
} satisfies Readonly<Record<string, FactoryProvider>>;

/** Without a list, a webservice needs no file with its own public key. */
async function ownAndListed(
  own: string,
  listed: readonly string[],
  usage: KeyUsage,
): Promise<readonly VerificationKey[]> {
  const { publicKeyPem } = await loadKey(own);
  return [publicKeyOf(publicKeyPem, usage), ...(await loadPublicKeys(listed, usage))];
}

/** A use of a key. */
export type KeyName = keyof typeof KEYS;

/** Provides the keys of a process. Other keys are not read: a worker has no key that signs decisions or admissions. */
@Module({})
export class SigningModule {
  static forRoot(names: readonly KeyName[]): DynamicModule {
    const providers = names.map((name) => KEYS[name]);
    return {
      module: SigningModule,
      providers,
      exports: providers.map((provider): InjectionToken => provider.provide),
    };
  }
}
