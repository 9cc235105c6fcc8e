import { execFile } from 'node:child_process';
import { chmod, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { StepOwner, StepFile } from '@taskrunner/core/ports';
import { FolderCalls } from './folder-calls';
import { relativeParts } from './relative-path';

/** Number of tries to create a folder that others remove meanwhile. Each failure is the end of another execution of the run. */
const MOST_TRIES = 1_000;
const FOLDERS = ['in', 'pack', 'out', 'tmp', 'home'] as const;

/**
 * The folder of one execution, `<root>/<run>/<execution>`. It is newly created, private, and removed afterwards; steps never share one.
 */
export class Workspace {
  private readonly made = new Set<string>();

  private constructor(
    /** Absolute path. The step sees it as `/task`, or at this path under `none/v1`. */
    readonly path: string,
    private readonly owner: StepOwner | null,
    private readonly calls: FolderCalls,
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
    const workspace = new Workspace(path, options.owner, await FolderCalls.of(options.root));
    let isCleared = false;
    for (let tries = 1; ; tries++) {
      try {
        await workspace.calls.makeAll(dirname(path));
        await workspace.makeFolder(path);
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
    await Promise.all(FOLDERS.map((folder) => workspace.makeFolder(join(path, folder))));
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
        await this.makeFolder(path);
      }
      await this.write(join(path, parts.at(-1) ?? ''), file);
    }
  }

  /** Removes the folder, whatever the step left in it. May run only after the step has ended. */
  async remove(): Promise<void> {
    if (!(await this.removeEmpty())) await removeTree(this.path);
    // The folder of the run is removed with its last execution.
    await this.calls.removeEmpty(dirname(this.path));
  }

  /** Most steps leave nothing. This takes a third of the operations that a walk takes. False if anything is left. */
  private async removeEmpty(): Promise<boolean> {
    // Without isolation, a step may have put a link to another folder in place of its own.
    if (!(await this.calls.isFolder(this.path))) return false;
    await Promise.all(FOLDERS.map((folder) => this.calls.removeEmpty(join(this.path, folder))));
    return this.calls.removeEmpty(this.path);
  }

  private makeFolder(path: string): Promise<void> {
    return this.calls.make(path, this.owner);
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
