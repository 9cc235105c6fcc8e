import { readFile } from 'node:fs/promises';
import { CodedError } from '@taskrunner/core/foundation';
import type { Configuration } from './configuration';

/** Roles that are configured. A process connects as one of them. */
export type DatabaseRole = 'owner' | 'maintain' | 'web' | 'worker';

/**
 * The configured URL of a role, or a URL composed from the host and the password file. Null if neither is configured. Reads the password file of
 * this role only. A trailing line end of the file is not part of the password. The result is secret. Throws `DB_PASSWORD_FILE` if the file cannot
 * be read.
 */
export async function databaseUrlOf({ database }: Configuration, role: DatabaseRole): Promise<string | null> {
  const stated = database[`${role}Url`];
  const file = database[`${role}PasswordFile`];
  if (stated !== null) return file === null ? stated : withPassword(stated, await passwordIn(role, file));
  if (database.host === null || file === null) return null;
  return urlOf(database.host, database.port, database.name, role, await passwordIn(role, file));
}

async function passwordIn(role: DatabaseRole, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `database.${role}PasswordFile ${file} cannot be read: ${(cause as Error).message}`;
    const remedy = `Create the file with the password of taskrunner_${role}, readable by this user; or leave the key out where the role is not needed.`;
    throw new CodedError('DB_PASSWORD_FILE', message, remedy, [], { cause });
  });
  return text.replace(/\r?\n$/, '');
}

function withPassword(stated: string, password: string): string {
  const url = new URL(stated);
  url.password = encodeURIComponent(password);
  return url.href;
}

/** A host that begins with a slash is the folder of a Unix socket, which a URL contains as a parameter. */
function urlOf(host: string, port: number, name: string, role: string, password: string): string {
  const isSocket = host.startsWith('/');
  const credentials = `taskrunner_${role}:${encodeURIComponent(password)}`;
  const address = isSocket ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const parameters = isSocket ? `?host=${encodeURIComponent(host)}` : '';
  return `postgresql://${credentials}@${address}:${port}/${encodeURIComponent(name)}${parameters}`;
}
