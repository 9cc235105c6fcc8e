import { resolve } from 'node:path';
import { claimDirectory, knownIn, placeAndPrograms, type ProgramPlaces } from './claimed-directory';
import { copyCluster } from './cluster';
import { chooseAccount } from './os-account';
import { findPrograms } from './server-programs';
import { sharedDirectory } from './shared-directory';

/** How a database is made that no server is started for yet. */
interface UnpackOptions extends ProgramPlaces {
  /** See `EmbeddedPostgresOptions`. */
  readonly fsync?: boolean;
}

/**
 * Makes a database from an archive of `packData`, and starts no server. It is on the disk when the promise resolves.
 * @throws EmbeddedPostgresError with its remedy
 */
export async function unpackDatabase(
  dataDirectory: string,
  archive: string,
  options: UnpackOptions = {},
): Promise<void> {
  const requested = resolve(dataDirectory);
  const owner = await claimDirectory(requested);
  try {
    const { place, programs } = await placeAndPrograms(requested, options);
    await copyCluster(place, programs, {
      original: { archive },
      sync: options.fsync ?? true,
      onStarted: () => undefined,
    });
  } finally {
    await owner.release();
  }
}

/** The version of the server that starts here, such as `18.4`. */
export async function serverVersion(options: ProgramPlaces = {}): Promise<string> {
  const account = await chooseAccount();
  const shared = () => sharedDirectory(account, options.sharedDirectory);
  const { version } = await findPrograms({
    ...{ account, shared },
    binDirectory: options.binDirectory,
    known: knownIn(options),
  });
  return version;
}
