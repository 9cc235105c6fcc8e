import { open, stat } from 'node:fs/promises';
import { CliError } from '../terminal/cli-error';

/** The permissions of a file that only its owner may read. */
export const PRIVATE_MODE = 0o600;
/** Writing by the group and by others: whoever may do it can put another file in the place of ours. */
const WRITTEN_BY_OTHERS = 0o022;
const ROOT = 0;

/** What is known of a file or a folder. */
interface Access {
  readonly uid: number;
  readonly mode: number;
}

/** The text of a file that only this user may read; null: there is none. Throws `CLI_CONTEXTS_UNSAFE`. */
export async function readPrivate(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch(absent);
  if (file === null) return null;
  try {
    // Of the file that is open: another one may have its name by then.
    const found = refused(unsafeFile, await file.stat());
    if (found !== null)
      throw unsafe(path, found, `It holds tokens. Check who could read or write it, and run: chmod 600 ${path}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Throws `CLI_CONTEXTS_UNSAFE` if others may replace the files of a folder. One that does not exist is accepted. */
export async function checkFolder(path: string): Promise<void> {
  const folder = await stat(path).catch(absent);
  const found = folder === null ? null : refused(unsafeFolder, folder);
  if (found !== null)
    throw unsafe(path, found, `Others could replace the file with tokens. Check its files, and run: chmod 700 ${path}`);
}

/** Why a file is not private to a user; null: it is. */
export function unsafeFile({ uid, mode }: Access, user: number): string | null {
  if (uid !== user) return `belongs to the user ${uid}`;
  return (mode & 0o777) === PRIVATE_MODE ? null : permissionsOf(mode);
}

/** Why others may change the files of a folder; null: only this user and root may. */
export function unsafeFolder({ uid, mode }: Access, user: number): string | null {
  if (uid !== user && uid !== ROOT) return `belongs to the user ${uid}`;
  return (mode & WRITTEN_BY_OTHERS) === 0 ? null : permissionsOf(mode);
}

function permissionsOf(mode: number): string {
  return `has the permissions ${(mode & 0o777).toString(8)}`;
}

/** Windows has neither such users nor such modes. */
function refused(check: (access: Access, user: number) => string | null, access: Access): string | null {
  const user = process.getuid?.();
  return user === undefined ? null : check(access, user);
}

function absent(error: unknown): null {
  if ((error as { readonly code?: unknown }).code === 'ENOENT') return null;
  throw error;
}

function unsafe(path: string, why: string, help: string): CliError {
  return new CliError('CLI_CONTEXTS_UNSAFE', `${path} ${why}`, help);
}
