import type { Configuration } from '../configuration';
import type { Notes } from '../configuration-fault';

/** Keys of a database on a server. `port` and `name` have defaults, so it cannot be seen whether they are set. */
const OF_A_SERVER = [
  ...(['ownerUrl', 'maintainUrl', 'webUrl', 'workerUrl', 'host'] as const),
  ...(['ownerPasswordFile', 'maintainPasswordFile', 'webPasswordFile', 'workerPasswordFile'] as const),
];

/** A database in a folder needs the folder, and no connection to a server: nobody could tell which of the two is meant. */
export function checkDatabase({ database }: Configuration, notes: Notes): void {
  if (database.kind !== 'file') return;
  if (database.folder === null)
    notes.fault(
      'CONFIG_MISSING_KEY',
      '/database/folder',
      'database.kind is file, but database.folder is not set.',
      'Set it to an absolute path. The folder is created at the first start.',
      ['/database/folder', '/database/kind'],
    );
  for (const name of OF_A_SERVER)
    if (database[name] !== null)
      notes.fault(
        'CONFIG_CONFLICT',
        `/database/${name}`,
        `database.kind is file, so database.${name} must not be set.`,
        'Remove it, or set database.kind to postgres.',
        ['/database/kind', `/database/${name}`],
      );
}

/** True if a connection of the webservice is configured. */
export function isOfWebservice({ kind, webUrl, host, webPasswordFile }: Configuration['database']): boolean {
  return kind === 'file' || webUrl !== null || (host !== null && webPasswordFile !== null);
}
