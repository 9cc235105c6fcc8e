// The database of a storage folder, seen from outside of its process.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askAt } from '../database.mjs';
import { bornAt, lives, processesIn } from '../processes.mjs';
import { pause, until } from '../waiting.mjs';

/** Time in which the processes of a killed server end, milliseconds. */
const GONE_MS = 30_000;

/** URL of the superuser for the database of a storage folder that a process has opened. */
export function urlOfStorage(storage) {
  const folder = join(storage, 'database');
  const location = join(folder, 'socket-location');
  const socket = existsSync(location) ? readFileSync(location, 'utf8').trim() : join(folder, 'socket');
  const password = readFileSync(join(folder, 'password'), 'utf8').trim();
  return `postgresql://postgres:${password}@localhost:5432/taskrunner?host=${encodeURIComponent(socket)}`;
}

export class FolderDatabase {
  /** `storage`: the storage folder. */
  constructor(storage) {
    this.storage = storage;
    this.pgdata = join(storage, 'database', 'pgdata');
  }

  /** One query as the superuser. */
  ask(text, values = []) {
    return askAt(urlOfStorage(this.storage), text, values);
  }

  /** Sends SIGKILL to the server. `all`: to its backends too; otherwise they notice by themselves. */
  async kill({ all = false } = {}) {
    const pid = Number(readFileSync(join(this.pgdata, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const postmaster = { pid, born: bornAt(pid) };
    for (const one of all ? [pid, ...processesIn(this.pgdata)] : [pid]) kill(one);
    while (lives(postmaster)) await pause(5);
  }

  /** Resolves when no process of the server is left. */
  async gone() {
    if ((await until(() => processesIn(this.pgdata).length === 0, GONE_MS, 20)) === null)
      throw new Error(`processes of the killed server do not end: ${processesIn(this.pgdata).join(', ')}`);
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
