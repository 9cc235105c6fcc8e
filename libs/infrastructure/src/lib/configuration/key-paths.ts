import { join } from 'node:path';
import type { Configuration } from './configuration';

/** Where the keys of an installation lie. */
export interface KeyPaths {
  readonly admission: string;
  readonly ledger: string;
  readonly runOpen: string;
  readonly runSealed: string;
  readonly bundle: string;
  /** Where it is not configured, it may be missing: then no checkpoints are signed. */
  readonly checkpoint: { readonly path: string; readonly required: boolean };
  readonly journalMac: string;
  /** Where it is not configured, it may be missing: then there are no sensitive inputs. */
  readonly sensitiveInputs: { readonly path: string; readonly required: boolean };
  readonly admissionPublic: readonly string[];
  readonly ledgerPublic: readonly string[];
}

/** Each key at its own path, or else in the folder. */
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
