import { chown, lstat, mkdir, open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepOwner } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';

/** Magic numbers of file systems in memory, tmpfs and ramfs (statfs(2)). */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/**
 * Secrets as files in memory during a step: `<base>/taskrunner-secrets-<uid>/<pid>/<execution>/<name>`, folders 0700, files 0400, of the
 * step's user. The sandbox mounts an execution's folder as `/run/secrets`.
 */
export class SecretFiles {
  private root: Promise<string> | null = null;

  /** `base`: a folder on tmpfs. One instance per process. */
  constructor(private readonly base: string) {}

  /**
   * Writes the secrets and returns their folder. `execution`: a unique name; `owner`: the user of the step, null for the user of this
   * process. Throws `SECRETS_FOLDER`.
   */
  async write(execution: string, files: ReadonlyMap<string, Uint8Array>, owner: StepOwner | null): Promise<string> {
    this.root ??= this.prepare().catch((error: unknown) => {
      this.root = null;
      throw error;
    });
    const folder = join(await this.root, execution);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    for (const [name, value] of files) {
      const file = await open(join(folder, name), 'wx', 0o400);
      try {
        await file.writeFile(value);
        if (owner !== null) await file.chown(owner.uid, owner.gid);
      } finally {
        await file.close();
      }
    }
    if (owner !== null) await chown(folder, owner.uid, owner.gid);
    return folder;
  }

  /** Call it only after the step has provably ended. */
  async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  /** This process's folder. Folders of processes that have ended are deleted. */
  private async prepare(): Promise<string> {
    const { type } = await statfs(this.base).catch((error: unknown) => {
      throw refusal('SECRETS_FOLDER', `${this.base} does not exist`, { cause: error });
    });
    if (!IN_MEMORY.has(type)) throw refusal('SECRETS_FOLDER', `${this.base} is not in memory`);
    const uid = process.getuid?.() ?? 0;
    const own = join(this.base, `taskrunner-secrets-${uid}`);
    await mkdir(own, { mode: 0o700, recursive: true });
    const found = await lstat(own);
    if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
      throw refusal('SECRETS_FOLDER', `${own} is not a private folder of this user`);
    for (const pid of await readdir(own))
      if (!isAlive(Number(pid))) await rm(join(own, pid), { recursive: true, force: true });
    const root = join(own, String(process.pid));
    await rm(root, { recursive: true, force: true });
    await mkdir(root, { mode: 0o700 });
    return root;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}
