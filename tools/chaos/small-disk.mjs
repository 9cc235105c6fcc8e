// A small file system of its own, which can be filled and made read-only. It is a tmpfs if this machine permits mounting one, else a folder.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Permissions keep only users other than root from writing. */
const WRITE_BITS = 0o222;

export class SmallDisk {
  /** `path`: an unused path for it. `size`: as `mount` takes it. */
  constructor(path, size) {
    this.path = path;
    mkdirSync(path);
    this.isMounted = run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', path);
  }

  /** Fills it to the last byte. */
  fill() {
    const file = openSync(join(this.path, 'ballast'), 'w');
    const piece = Buffer.alloc(1024 * 1024);
    try {
      for (let size = piece.length; size >= 1;) {
        try {
          writeSync(file, piece, 0, size);
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error;
          size = Math.floor(size / 2);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free() {
    rmSync(join(this.path, 'ballast'), { force: true });
  }

  /** Remounts it, which also works for root. False: it is busy, because a process has a file open for writing. */
  remount(isReadOnly) {
    return run('mount', '-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.path);
  }

  stop() {
    if (this.isMounted) run('umount', '-l', this.path);
  }
}

/** Takes the permission to write from everything in a folder. Returns what gives it back. Has no effect on root. */
export function withoutWriting(folder) {
  const taken = readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .concat(folder)
    .flatMap((path) => {
      // A running server creates and removes files.
      const mode = lstatSync(path, { throwIfNoEntry: false });
      return mode?.isFile() || mode?.isDirectory() ? [[path, mode.mode & 0o7777]] : [];
    });
  for (const [path, mode] of taken) if (existsSync(path)) chmodSync(path, mode & ~WRITE_BITS);
  return () => {
    for (const [path, mode] of taken) if (existsSync(path)) chmodSync(path, mode);
  };
}

function run(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
