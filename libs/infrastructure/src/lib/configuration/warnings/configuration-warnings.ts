import { stat } from 'node:fs/promises';
import { isOfWebservice } from '../checks/check-database';
import type { Configuration } from '../configuration';
import { placeless, type Notes, type Warn } from '../configuration-fault';
import { defaultConfiguration } from '../default-setting';
import { keyPathsOf } from '../key-paths';
import type { Fault } from '@taskrunner/core/foundation';
import { warnOfIssuers } from './warn-of-issuers';
import { warnOfKeys } from './warn-of-keys';

/** Warns of settings that are valid, and that an operator should know to be in force. */
function warnOfSettings({ sandbox }: Configuration, warn: Warn): void {
  if (sandbox.profile === 'none')
    warn(
      'CONFIG_UNSAFE',
      '/sandbox/profile',
      'sandbox.profile is none: steps of open runs are not isolated. They can read and write all that the user of the worker can, use the network, and reach its keys.',
      'Install bubblewrap, and set sandbox.profile to bwrap. Use none only on machines that trust every pack.',
    );
}

/**
 * Warnings for `config check`: besides what a service says when it starts, key sets that cannot be read from here, and files of keys that are
 * missing. A folder of keys that the file names must exist.
 */
export async function warnOfConfiguration(configuration: Configuration, notes: Notes): Promise<void> {
  const { warn } = notes;
  warnOfSettings(configuration, warn);
  await warnOfMissingKeys(configuration, notes);
  await Promise.all([warnOfKeys(configuration, warn), warnOfIssuers(configuration, warn)]);
}

/** The warnings of a service that starts. */
export async function startWarnings(configuration: Configuration): Promise<readonly Fault[]> {
  const warnings: Fault[] = [];
  const warn: Warn = (...warning) => void warnings.push(placeless(...warning));
  warnOfSettings(configuration, warn);
  await warnOfKeys(configuration, warn);
  return warnings;
}

async function warnOfMissingKeys(configuration: Configuration, notes: Notes): Promise<void> {
  const { database, keys, attestor, sealedMode } = configuration;
  const isWeb = isOfWebservice(database);
  const isWorker = database.kind === 'file' || database.workerUrl !== null || database.workerPasswordFile !== null;
  if (!isWeb && !isWorker) return;
  const missingFolder = await isMissing(keys.folder);
  if (missingFolder && keys.folder !== defaultConfiguration().keys.folder) {
    notes.fault('CONFIG_FILE', '/keys/folder', `The folder of keys ${keys.folder} does not exist.`);
    return;
  }
  const paths = keyPathsOf(configuration);
  const signsHere = isWorker && attestor.url === null;
  const needed: readonly (readonly [string, boolean, string | readonly string[]])[] = [
    ['admission', isWeb, paths.admission],
    ['ledger', isWeb, paths.ledger],
    ['runOpen', signsHere, paths.runOpen],
    ['runSealed', signsHere && sealedMode.enabled, paths.runSealed],
    ['bundle', signsHere, paths.bundle],
    ['checkpoint', isWeb && paths.checkpoint.required, paths.checkpoint.path],
    ['journalMac', isWorker, paths.journalMac],
    ['sensitiveInputs', paths.sensitiveInputs.required, paths.sensitiveInputs.path],
    ['admissionPublic', isWorker, paths.admissionPublic],
    ['ledgerPublic', isWorker, paths.ledgerPublic],
  ];
  for (const [name, isNeeded, path] of needed)
    for (const one of isNeeded ? [path].flat() : [])
      if (await isMissing(one))
        notes.warn(
          'CONFIG_FILE',
          `/keys/${name}`,
          `The key file ${one} does not exist. The service that needs it does not start.`,
        );
}

/** False if it cannot be seen. */
async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}
