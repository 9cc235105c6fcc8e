import { relative, sep } from 'node:path';
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

/** Only the database may write to its folder, and nothing that deletes files may have that folder inside. */
export function checkFolders({ database, artifacts, sandbox }: Configuration, notes: Notes): void {
  const { kind, folder } = database;
  if (kind !== 'file' || folder === null) return;
  const others = [
    ...(artifacts.store === 'file' ? [['artifacts.root', artifacts.root, 'objects'] as const] : []),
    ['sandbox.workDirectory', sandbox.workDirectory, 'workspaces of steps'] as const,
  ];
  for (const [name, path, contents] of others) {
    const at = `/${name.replace('.', '/')}`;
    const message = isInside(folder, path)
      ? `${name} must not be database.folder or inside it: that folder has the files of the database only.`
      : isInside(path, folder)
        ? `database.folder must not be inside ${name}: that folder has ${contents} only.`
        : null;
    if (message !== null)
      notes.fault('CONFIG_CONFLICT', at, message, 'Use a folder beside it.', [
        ...[at, '/artifacts/store'],
        ...['/database/kind', '/database/folder'],
      ]);
  }
}

/** True if the path is the folder, or is inside it. */
function isInside(folder: string, path: string): boolean {
  const [first] = relative(folder, path).split(sep);
  return first !== '..';
}

/** True if a connection of the webservice is configured. */
export function isOfWebservice({ kind, webUrl, host, webPasswordFile }: Configuration['database']): boolean {
  return kind === 'file' || webUrl !== null || (host !== null && webPasswordFile !== null);
}
