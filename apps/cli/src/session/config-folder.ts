import { join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** The folder of this user's configuration (XDG Base Directory Specification); null: the environment names no home. */
export function configFolder(env: Variables): string | null {
  const base = env['XDG_CONFIG_HOME'];
  // The specification: a relative path is invalid and is ignored.
  if (base?.startsWith('/')) return join(base, 'taskrunner');
  const home = env['HOME'] ?? env['USERPROFILE'];
  return home ? join(home, '.config', 'taskrunner') : null;
}
