import { chooseAccount } from './os-account';
import { locateData, makeDirectory, type DataPlace } from './data-place';
import { describeOwner, ownDirectory, type DirectoryOwner } from './directory-owner';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { KnownPrograms } from './known-programs';
import { findPrograms, type ServerPrograms } from './server-programs';
import { sharedDirectory } from './shared-directory';

/** Where programs are searched for. */
export interface ProgramPlaces {
  /** The only folder to search for programs. */
  readonly binDirectory?: string;
  /** Folder for data and programs that cannot be in private folders if root starts the server; see `sharedDirectory`. */
  readonly sharedDirectory?: string;
  /** A file that remembers which programs start, so that they are not tried each time. It may be deleted. Absent: they are tried. */
  readonly knownPrograms?: string;
}

/** Creates a directory for a database, and makes it this process's. Throws `DATABASE_IN_USE` and `DATABASE_START_FAILED`. */
export async function claimDirectory(requested: string): Promise<DirectoryOwner> {
  try {
    await makeDirectory(requested);
    // The server of an owner that no longer lives is an orphan. PostgreSQL's own lock file still decides.
    return await ownDirectory(requested, (owner) => inUse(describeOwner(owner), requested));
  } catch (error) {
    if (EmbeddedPostgresError.is(error)) throw error;
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `cannot use ${requested}: ${error instanceof Error ? error.message : String(error)}`,
      'choose a data directory that this user can write to',
      error,
    );
  }
}

/** Another process uses the database. */
export function inUse(who: string, directory: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATABASE_IN_USE',
    `${who} is running the database in ${directory}`,
    'stop that process, connect to its database with database.url, or choose another data directory',
  );
}

/** The data, or where they will be, and the programs for them. */
export async function placeAndPrograms(
  requested: string,
  options: ProgramPlaces,
): Promise<{ readonly place: DataPlace; readonly programs: ServerPrograms }> {
  const runner = await chooseAccount();
  const shared = () => sharedDirectory(runner, options.sharedDirectory);
  const place = await locateData(requested, runner, shared);
  const { account, major } = place;
  const programs = await findPrograms({
    ...{ account, major, shared },
    binDirectory: options.binDirectory,
    known: knownIn(options),
  });
  return { place, programs };
}

/** The memory of programs; null: there is none. */
export function knownIn({ knownPrograms }: ProgramPlaces): KnownPrograms | null {
  return knownPrograms === undefined ? null : new KnownPrograms(knownPrograms);
}
