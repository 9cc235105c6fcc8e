import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, rmdirSync } from 'node:fs';
import { chmod, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { StepOwner, StepFile } from '@taskrunner/core/ports';
import { relativeParts } from './relative-path';

/** Number of tries to create a folder that others remove meanwhile. Each failure is the end of another execution of the run. */
const MOST_TRIES = 1_000;
const FOLDERS = ['in', 'pack', 'out', 'tmp', 'home'] as const;

/**
 * The folder of one execution, `<root>/<run>/<execution>`. It is newly created, private, and removed afterwards; steps never share one. Its
 * own folders are created and removed by synchronous calls: twenty of them take half a millisecond, and as tasks of the thread pool four. The
 * files of the step may be large or many, and are not.
 */
export class Workspace {
  private readonly made = new Set<string>();

  private constructor(
    /** Absolute path. The step sees it as `/task`, or at this path under `none/v1`. */
    readonly path: string,
    private readonly owner: StepOwner | null,
  ) {}

  /** Creates an empty folder, and removes remains of an interrupted execution of the same name. `owner`: the user of steps. */
  static async create(options: {
    readonly root: string;
    readonly run: string;
    readonly execution: string;
    readonly owner: StepOwner | null;
  }): Promise<Workspace> {
    const [run = '', execution = '', ...rest] = relativeParts(`${options.run}/${options.execution}`);
    if (rest.length > 0) throw new TypeError('a run and an execution are single names');
    const path = join(options.root, run, execution);
    const workspace = new Workspace(path, options.owner);
    let isCleared = false;
    for (let tries = 1; ; tries++) {
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        workspace.makeFolder(path);
        break;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Another execution of the run ended just now, and removed their common folder.
        if (code === 'ENOENT' && tries < MOST_TRIES) continue;
        if (code !== 'EEXIST' || isCleared) throw error;
        await removeTree(path);
        isCleared = true;
      }
    }
    for (const folder of FOLDERS) workspace.makeFolder(join(path, folder));
    return workspace;
  }

  /**
   * Writes files below `in` or `pack` before the step starts. They are read-only for the step: by a mount under bubblewrap, otherwise by
   * their mode.
   */
  async writeFiles(folder: 'in' | 'pack', files: Iterable<StepFile> | AsyncIterable<StepFile>): Promise<void> {
    for await (const file of files) {
      const parts = relativeParts(file.path);
      let path = join(this.path, folder);
      for (const part of parts.slice(0, -1)) {
        path = join(path, part);
        if (this.made.has(path)) continue;
        this.made.add(path);
        this.makeFolder(path);
      }
      await this.write(join(path, parts.at(-1) ?? ''), file);
    }
  }

  /** Removes the folder, whatever the step left in it. May run only after the step has ended. */
  async remove(): Promise<void> {
    // Most steps leave nothing. This takes a third of the operations that a walk takes.
    for (const folder of FOLDERS) removeEmpty(join(this.path, folder));
    if (!removeEmpty(this.path)) await removeTree(this.path);
    // The folder of the run is removed with its last execution.
    removeEmpty(dirname(this.path));
  }

  private makeFolder(path: string): void {
    mkdirSync(path, { mode: 0o700 });
    if (this.owner !== null) chownSync(path, this.owner.uid, this.owner.gid);
  }

  private async write(path: string, { content, executable = false }: StepFile): Promise<void> {
    const file = await open(path, 'wx', executable ? 0o500 : 0o400);
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content);
      else for await (const chunk of content) await file.writeFile(chunk);
      if (this.owner !== null) await file.chown(this.owner.uid, this.owner.gid);
    } finally {
      await file.close();
    }
  }
}

/** Removes a folder if it is empty. False if it is still there. */
function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Files of a list below `folder`, named `<index, 6 digits>-<file name>`. */
export function asFolder(
  folder: string,
  items: readonly (Omit<StepFile, 'path'> & { readonly name: string })[],
): StepFile[] {
  const prefix = folder.replace(/\/$/, '');
  return items.map(({ name, ...file }, index) => ({
    ...file,
    path: `${prefix}/${String(index).padStart(6, '0')}-${name.slice(name.lastIndexOf('/') + 1)}`,
  }));
}

/**
 * Removes a folder and everything below it. A step may leave unreadable folders, or paths longer than the system allows. `chmod` and `rm`
 * then walk by descriptor.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    const run = promisify(execFile);
    await chmod(path, 0o700).catch(() => undefined);
    await run('chmod', ['-R', 'u+rwX', '--', path]).catch(() => undefined);
    await run('rm', ['-rf', '--', path]);
  }
}
