import { join } from 'node:path';
import type { Configuration } from './configuration';

/** Paths of the keys of an installation. */
export interface KeyPaths {
  readonly admission: string;
  readonly ledger: string;
  readonly runOpen: string;
  readonly runSealed: string;
  readonly bundle: string;
  /** May be missing if it is not configured; no checkpoints are signed then. */
  readonly checkpoint: { readonly path: string; readonly required: boolean };
  readonly journalMac: string;
  /** May be missing if it is not configured; sensitive inputs are not available then. */
  readonly sensitiveInputs: { readonly path: string; readonly required: boolean };
  readonly admissionPublic: readonly string[];
  readonly ledgerPublic: readonly string[];
}

/** Each key at its own path, or otherwise in the folder. */
export function keyPathsOf({ keys }: Configuration): KeyPaths {
  const inFolder = (name: string) => join(keys.folder, name);
  const several = (paths: readonly string[], name: string) => (paths.length > 0 ? paths : [inFolder(name)]);
  return {
    admission: keys.admission ?? inFolder('admission.pem'),
    ledger: keys.ledger ?? inFolder('ledger.pem'),
    runOpen: keys.runOpen ?? inFolder('run-open.pem'),
    runSealed: keys.runSealed ?? inFolder('run-sealed.pem'),
    bundle: keys.bundle ?? inFolder('bundle.pem'),
    checkpoint: { path: keys.checkpoint ?? inFolder('checkpoint.pem'), required: keys.checkpoint !== null },
    journalMac: keys.journalMac ?? inFolder('journal-mac.key'),
    sensitiveInputs: {
      path: keys.sensitiveInputs ?? inFolder('sensitive-inputs.key'),
      required: keys.sensitiveInputs !== null,
    },
    admissionPublic: several(keys.admissionPublic, 'admission.pub.pem'),
    ledgerPublic: several(keys.ledgerPublic, 'ledger.pub.pem'),
  };
}
