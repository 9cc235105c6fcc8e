// A folder of objects that can be moved away, made read-only, filled and slowed down. It is on a separate file system if this machine
// permits mounting one.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const SIZE = '512m';
const isRoot = process.getuid?.() === 0;
/** Permissions keep only users other than root from writing. A read-only mount also works for root. */
const WRITABLE = 0o700;
const READ_ONLY = 0o500;

export class ObjectFolder {
  #isMounted;

  /** `folder`: an unused path for it. */
  constructor(folder) {
    this.disk = join(folder, 'disk');
    this.path = join(this.disk, 'objects');
    /** While this file exists, workers with `faults/slow-store.cjs` read and write objects slowly. */
    this.slowFlag = join(folder, 'slow');
    mkdirSync(this.disk);
    this.#isMounted = run('mount', '-t', 'tmpfs', '-o', `size=${SIZE},mode=0755`, 'tmpfs', this.disk);
  }

  /** Configuration for the services. */
  get configuration() {
    return { root: this.path };
  }

  /** Possible disturbances on this machine. */
  get troubles() {
    const readOnly = this.#isMounted || !isRoot ? ['read-only'] : [];
    return ['away', ...readOnly, ...(this.#isMounted ? ['full'] : []), 'slow'];
  }

  begin(trouble) {
    if (trouble === 'away') renameSync(this.path, `${this.path}.away`);
    else if (trouble === 'full') this.#fill();
    else if (trouble === 'slow') closeSync(openSync(this.slowFlag, 'w'));
    else this.#makeReadOnly(true);
  }

  end(trouble) {
    if (trouble === 'away') renameSync(`${this.path}.away`, this.path);
    else if (trouble === 'full') rmSync(join(this.disk, 'ballast'));
    else if (trouble === 'slow') rmSync(this.slowFlag);
    else this.#makeReadOnly(false);
  }

  stop() {
    if (this.#isMounted) run('umount', '-l', this.disk);
  }

  /** Fills it to the last byte. */
  #fill() {
    const file = openSync(join(this.disk, 'ballast'), 'w');
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

  #makeReadOnly(isReadOnly) {
    if (this.#isMounted) {
      // The mount is busy while a process has a file open for writing.
      while (!run('mount', '-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.disk));
      return;
    }
    const mode = isReadOnly ? READ_ONLY : WRITABLE;
    for (const entry of readdirSync(this.path, { recursive: true, withFileTypes: true }))
      if (entry.isDirectory() && existsSync(join(entry.parentPath, entry.name)))
        chmodSync(join(entry.parentPath, entry.name), mode);
    chmodSync(this.path, mode);
  }
}

const run = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
