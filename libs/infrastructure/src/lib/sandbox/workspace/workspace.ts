import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, open, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { StepOwner, StepFile } from '@taskrunner/core/ports';
import { relativeParts } from './relative-path';

const FOLDERS = ['in', 'pack', 'out', 'tmp', 'home'] as const;

/** The folder of one execution, `<root>/<run>/<execution>`: made fresh, private, and removed afterwards. Steps share none. */
export class Workspace {
  private readonly made = new Set<string>();

  private constructor(
    /** Absolute. The step sees it as `/task` (or as it is, under `none/v1`). */
    readonly path: string,
    private readonly owner: StepOwner | null,
  ) {}

  /** Makes it, empty, also if an interrupted execution of the same name left something there. `owner`: the user that steps run as. */
  static async create(options: {
    readonly root: string;
    readonly run: string;
    readonly execution: string;
    readonly owner: StepOwner | null;
  }): Promise<Workspace> {
    const [run = '', execution = '', ...rest] = relativeParts(`${options.run}/${options.execution}`);
    if (rest.length > 0) throw new TypeError('a run and an execution are single names');
    const path = join(options.root, run, execution);
    await removeTree(path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const workspace = new Workspace(path, options.owner);
    await workspace.makeFolder(path);
    for (const folder of FOLDERS) await workspace.makeFolder(join(path, folder));
    return workspace;
  }

  /** Lays files down under `in` or `pack`, before the step starts. Read-only there: under bubblewrap by mount, else by mode only. */
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

  /** Removes it, whatever the step made of it. Only after the step is proven over. */
  async remove(): Promise<void> {
    await removeTree(this.path);
    // The run's folder goes with its last execution.
    await rmdir(dirname(this.path)).catch(() => undefined);
  }

  private async makeFolder(path: string): Promise<void> {
    await mkdir(path, { mode: 0o700 });
    if (this.owner !== null) await chown(path, this.owner.uid, this.owner.gid);
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

/** A list of files as a folder: `<index, 6 digits>-<file name>` below `folder`. */
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
 * Removes a folder and all below it. Steps may leave folders that nobody may read, or nested deeper than a path may be long: then `chmod` and `rm`
 * walk by descriptor.
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
