import { fingerprint } from '@taskrunner/core/evidence';
import type { HeldKeys, KeyUse } from '@taskrunner/core/ports';
import { loadMacKey } from './mac-key';
import { loadPublicKeys } from './public-keys';
import { loadSensitiveInputsKey } from './sensitive-key';

/** Identifiers of the keys in the files of a configuration. */
export interface KeysAtHand extends HeldKeys {
  readonly ids: readonly string[];
  /** Reason why a file cannot be read: it is missing, not a key, or readable by others. Null if all can be read. */
  readonly fault: string | null;
}

/** Configured paths of the keys for reading rows. */
interface ReaderKeyPaths {
  readonly journalMac: string;
  readonly sensitiveInputs: { readonly path: string };
  readonly admissionPublic: readonly string[];
  readonly ledgerPublic: readonly string[];
}

/** Reads the key files of a worker and returns the identifiers. An unreadable file is reported in the result and throws no error. */
export async function keysAtHand(paths: ReaderKeyPaths): Promise<readonly KeysAtHand[]> {
  const publicIds = (files: readonly string[], usage: 'admission' | 'ledger') => async () =>
    (await loadPublicKeys(files, usage)).map(({ spki }) => fingerprint(spki));
  const { journalMac, sensitiveInputs, admissionPublic, ledgerPublic } = paths;
  return Promise.all([
    atHand('admission', admissionPublic, publicIds(admissionPublic, 'admission')),
    atHand('ledger', ledgerPublic, publicIds(ledgerPublic, 'ledger')),
    atHand('journal-mac', [journalMac], async () => [(await loadMacKey(journalMac)).keyid]),
    atHand('sensitive-inputs', [sensitiveInputs.path], async () => [
      (await loadSensitiveInputsKey(sensitiveInputs.path)).keyid,
    ]),
  ]);
}

async function atHand(
  use: KeyUse,
  files: readonly string[],
  read: () => Promise<readonly string[]>,
): Promise<KeysAtHand> {
  try {
    return { use, files, ids: await read(), fault: null };
  } catch (error) {
    return { use, files, ids: [], fault: error instanceof Error ? error.message : String(error) };
  }
}
