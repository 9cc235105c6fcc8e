import { readFile } from 'node:fs/promises';
import { CodedError } from '@taskrunner/core/foundation';
import type { Configuration } from './configuration';

/** URLs of the roles as which this process may connect. Roles that are not configured are absent. */
interface DatabaseUrls {
  readonly ownerUrl?: string;
  readonly maintainUrl?: string;
  readonly webUrl?: string;
  readonly workerUrl?: string;
}

const ROLES = ['owner', 'maintain', 'web', 'worker'] as const;

/**
 * The configured URLs, or URLs composed from hosts and password files. A trailing line end of a file is not part of the password. The
 * result is secret. Throws `DB_PASSWORD_FILE` if a file cannot be read.
 */
export async function databaseUrlsOf({ database }: Configuration): Promise<DatabaseUrls> {
  const urls = await Promise.all(
    ROLES.map(async (role): Promise<[string, string][]> => {
      const stated = database[`${role}Url`];
      const file = database[`${role}PasswordFile`];
      if (stated !== null)
        return [[`${role}Url`, file === null ? stated : withPassword(stated, await passwordIn(role, file))]];
      if (database.host === null || file === null) return [];
      return [[`${role}Url`, urlOf(database.host, database.port, database.name, role, await passwordIn(role, file))]];
    }),
  );
  return Object.fromEntries(urls.flat());
}

async function passwordIn(role: string, file: string): Promise<string> {
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
