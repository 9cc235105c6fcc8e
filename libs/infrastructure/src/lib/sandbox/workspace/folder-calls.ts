import { chownSync, lstatSync, mkdirSync, rmdirSync, type Stats } from 'node:fs';
import { chown, lstat, mkdir, rmdir, statfs } from 'node:fs/promises';
import type { StepOwner } from '@taskrunner/core/ports';

const MODE = 0o700;
/** Types of file systems of this machine, statfs(2): ext4, XFS, Btrfs, ZFS, F2FS, tmpfs and overlay. */
const LOCAL: ReadonlySet<number> = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x794c7630],
]);

/**
 * Operations on folders of a workspace. On a file system of this machine they are synchronous calls, because a task of the thread pool takes
 * more processor time than the call itself. Another file system may be slow or hang, which must not block this process.
 */
export class FolderCalls {
  private static readonly known = new Map<string, FolderCalls>();

  private constructor(private readonly isLocal: boolean) {}

  /** For folders below this one, whose file system is looked up once. */
  static async of(root: string): Promise<FolderCalls> {
    const known = FolderCalls.known.get(root);
    if (known !== undefined) return known;
    const found = await statfs(root).catch(() => null);
    const calls = new FolderCalls(found !== null && LOCAL.has(found.type));
    if (found !== null) FolderCalls.known.set(root, calls);
    return calls;
  }

  /** Creates a private folder that must not exist. */
  async make(path: string, owner: StepOwner | null): Promise<void> {
    if (this.isLocal) mkdirSync(path, { mode: MODE });
    else await mkdir(path, { mode: MODE });
    if (owner === null) return;
    if (this.isLocal) chownSync(path, owner.uid, owner.gid);
    else await chown(path, owner.uid, owner.gid);
  }

  /** Creates a private folder and its parents, if they are missing. */
  async makeAll(path: string): Promise<void> {
    if (this.isLocal) mkdirSync(path, { recursive: true, mode: MODE });
    else await mkdir(path, { recursive: true, mode: MODE });
  }

  /** False for anything else, also for a link to a folder. */
  async isFolder(path: string): Promise<boolean> {
    const found: Stats | null | undefined = this.isLocal
      ? lstatSync(path, { throwIfNoEntry: false })
      : await lstat(path).catch(() => null);
    return found?.isDirectory() === true;
  }

  /** Removes a folder if it is empty. False if it is still there. */
  async removeEmpty(path: string): Promise<boolean> {
    try {
      if (this.isLocal) rmdirSync(path);
      else await rmdir(path);
      return true;
    } catch {
      return false;
    }
  }
}
