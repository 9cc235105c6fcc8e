// A folder of objects that can be moved away, made read-only, filled up and slowed down, on a file system of its own where this machine
// lets us mount one.
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
/** With it nobody but root may be kept from writing; root is kept by a file system that is mounted read-only. */
const WRITABLE = 0o700;
const READ_ONLY = 0o500;

export class ObjectFolder {
  #isMounted;

  /** `folder`: where it may be made; nobody else uses it. */
  constructor(folder) {
    this.disk = join(folder, 'disk');
    this.path = join(this.disk, 'objects');
    /** While this file is there, workers with `faults/slow-store.cjs` are slow to read and write objects. */
    this.slowFlag = join(folder, 'slow');
    mkdirSync(this.disk);
    this.#isMounted = run('mount', '-t', 'tmpfs', '-o', `size=${SIZE},mode=0755`, 'tmpfs', this.disk);
  }

  /** How the services reach it. */
  get configuration() {
    return { root: this.path };
  }

  /** What can be done to it here. */
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

  /** Up to the last byte. */
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
      // Busy as long as somebody has a file open for writing.
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
