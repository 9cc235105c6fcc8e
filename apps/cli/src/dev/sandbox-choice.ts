import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { probeSandbox, Supervisor } from '@taskrunner/infrastructure/sandbox';

/** The sandbox of this machine, resolved: never `auto`. */
export interface SandboxChoice {
  readonly profile: 'bwrap' | 'none';
  /** Why bubblewrap is not used; null if it is. */
  readonly reason: string | null;
  /** Further paths for steps, so that `node` and `npm` are available. */
  readonly roots: readonly string[];
}

/** Tries bubblewrap once, with the paths that steps must not see. */
export async function chooseSandbox(hidden: readonly string[]): Promise<SandboxChoice> {
  const roots = sandboxRoots();
  const supervisor = Supervisor.start();
  const stubFolder = await mkdtemp(join(tmpdir(), 'taskrunner-stubs-'));
  try {
    const probe = await probeSandbox({ profile: 'bwrap-open/v2', supervisor, stubFolder, roots, hidden });
    return { profile: probe.available ? 'bwrap' : 'none', reason: probe.reason, roots };
  } finally {
    await supervisor.close();
    await rm(stubFolder, { recursive: true, force: true });
  }
}

/**
 * What must be added to `/usr` for `node` and `npm` to be found: the prefix of this Node.js and npm's own folder, where they lie
 * elsewhere. A prefix that is not an installation of its own (a home folder with a `bin`, say) is not shown.
 */
export function sandboxRoots(): readonly string[] {
  const npm = findOnPath('npm', process.env['PATH'] ?? '');
  const roots: string[] = [];
  const isShown = (path: string) => [...roots, '/usr'].some((root) => path === root || path.startsWith(`${root}/`));
  const program = realPath(process.execPath);
  const prefix = dirname(dirname(program));
  if (!isShown(program) && basename(dirname(program)) === 'bin' && isInstallation(prefix)) roots.push(prefix);
  if (npm !== null) {
    const entry = realPath(npm);
    const folder = dirname(dirname(entry));
    if (!isShown(entry) && basename(folder) === 'npm' && existsSync(join(folder, 'package.json'))) roots.push(folder);
  }
  return roots;
}

function isInstallation(prefix: string): boolean {
  return existsSync(join(prefix, 'include', 'node')) || existsSync(join(prefix, 'lib', 'node_modules', 'npm'));
}

function findOnPath(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // It is not here.
    }
  }
  return null;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
