import { readFile } from 'node:fs/promises';
import type { Configuration } from './configuration';

/** URLs of the roles that this process may connect as; those that are not configured are absent. */
export interface DatabaseUrls {
  readonly ownerUrl?: string;
  readonly maintainUrl?: string;
  readonly webUrl?: string;
  readonly workerUrl?: string;
}

const ROLES = ['owner', 'maintain', 'web', 'worker'] as const;

/**
 * The configured URLs, or those of host and password files. A file's last line end does not belong to the password. Rejects if a file
 * cannot be read. What it returns is secret.
 */
export async function databaseUrlsOf({ database }: Configuration): Promise<DatabaseUrls> {
  const urls = await Promise.all(
    ROLES.map(async (role): Promise<[string, string][]> => {
      const stated = database[`${role}Url`];
      const file = database[`${role}PasswordFile`];
      if (stated !== null)
        return [[`${role}Url`, file === null ? stated : withPassword(stated, await passwordIn(file))]];
      if (database.host === null || file === null) return [];
      return [[`${role}Url`, urlOf(database.host, database.port, database.name, role, await passwordIn(file))]];
    }),
  );
  return Object.fromEntries(urls.flat());
}

async function passwordIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
}

function withPassword(stated: string, password: string): string {
  const url = new URL(stated);
  url.password = encodeURIComponent(password);
  return url.href;
}

/** A host that begins with a slash is the folder of a Unix socket, which a URL carries as a parameter. */
function urlOf(host: string, port: number, name: string, role: string, password: string): string {
  const isSocket = host.startsWith('/');
  const credentials = `taskrunner_${role}:${encodeURIComponent(password)}`;
  const address = isSocket ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const parameters = isSocket ? `?host=${encodeURIComponent(host)}` : '';
  return `postgresql://${credentials}@${address}:${port}/${encodeURIComponent(name)}${parameters}`;
}
