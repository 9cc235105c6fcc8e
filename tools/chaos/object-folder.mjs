// A folder of objects that can be moved away, made read-only, filled and slowed down. It is on a separate file system if this machine
// permits mounting one.
import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SmallDisk, withoutWriting } from './small-disk.mjs';

const SIZE = '512m';
const isRoot = process.getuid?.() === 0;

export class ObjectFolder {
  #disk;
  #giveBack = () => undefined;

  /** `folder`: an unused path for it. */
  constructor(folder) {
    this.#disk = new SmallDisk(join(folder, 'disk'), SIZE);
    this.path = join(this.#disk.path, 'objects');
    /** While this file exists, workers with `faults/slow-store.cjs` read and write objects slowly. */
    this.slowFlag = join(folder, 'slow');
  }

  /** Configuration for the services. */
  get configuration() {
    return { root: this.path };
  }

  /** Possible disturbances on this machine. */
  get troubles() {
    const readOnly = this.#disk.isMounted || !isRoot ? ['read-only'] : [];
    return ['away', ...readOnly, ...(this.#disk.isMounted ? ['full'] : []), 'slow'];
  }

  begin(trouble) {
    if (trouble === 'away') renameSync(this.path, `${this.path}.away`);
    else if (trouble === 'full') this.#disk.fill();
    else if (trouble === 'slow') closeSync(openSync(this.slowFlag, 'w'));
    else this.#makeReadOnly(true);
  }

  end(trouble) {
    if (trouble === 'away') renameSync(`${this.path}.away`, this.path);
    else if (trouble === 'full') this.#disk.free();
    else if (trouble === 'slow') rmSync(this.slowFlag);
    else this.#makeReadOnly(false);
  }

  stop() {
    this.#disk.stop();
  }

  #makeReadOnly(isReadOnly) {
    // The mount is busy while a process has a file open for writing.
    if (this.#disk.isMounted) while (!this.#disk.remount(isReadOnly));
    else if (isReadOnly) this.#giveBack = withoutWriting(this.path);
    else this.#giveBack();
  }
}
