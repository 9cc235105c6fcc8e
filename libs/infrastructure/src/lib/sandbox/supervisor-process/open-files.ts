import { readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';

const BLOCK = 512;

/** An unlinked file that a process holds open. */
interface HeldFile {
  readonly id: string;
  readonly bytes: number;
}

/** Unlinked files of one file system (`dev` of stat(2)) that these processes hold open, without duplicates. */
export function unnamedFiles(pids: readonly number[], dev: number): readonly HeldFile[] {
  return filesHeld(pids, (_link, { nlink, dev: own }) => nlink === 0 && own === dev);
}

/** In-memory files (memfd_create(2)) that these processes hold open, without duplicates. */
export function memoryFiles(pids: readonly number[]): readonly HeldFile[] {
  return filesHeld(pids, (link) => link.startsWith('/memfd:'));
}

/** A mapped file. `bytes`: upper bound of the mapped pages. */
interface MappedFile extends HeldFile {
  readonly dev: string;
  readonly path: string;
}

/** Unlinked files that these processes have mapped, with the largest extent of each. proc_pid_maps(5). */
export function mappedUnnamed(pids: readonly number[]): readonly MappedFile[] {
  const found = new Map<string, MappedFile>();
  for (const pid of pids) {
    for (const line of linesOf(`/proc/${pid}/maps`)) {
      if (!line.endsWith(' (deleted)')) continue;
      const [, from = '', to = '', offset = '', dev = '', inode = '', path = ''] =
        /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) (\S+) (\d+) +(.*)$/.exec(line) ?? [];
      const bytes = parseInt(to, 16) - parseInt(from, 16) + parseInt(offset, 16);
      const id = `${dev}:${inode}`;
      if ((found.get(id)?.bytes ?? -1) < bytes) found.set(id, { id: inode, bytes, dev, path });
    }
  }
  return [...found.values()];
}

/** Device number in the format of maps: two hexadecimal numbers. */
export function deviceName(dev: number): string {
  const major = (dev >>> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}`;
}

export function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'latin1').split('\n');
  } catch {
    // The process has ended or is hidden from this user.
    return [];
  }
}

function filesHeld(pids: readonly number[], isMatch: (link: string, found: Stats) => boolean): readonly HeldFile[] {
  const held = new Map<string, HeldFile>();
  for (const pid of pids) {
    for (const path of descriptorsOf(pid)) {
      try {
        const link = readlinkSync(path);
        // Only unlinked files are examined. They are local, while a named file may be on a network file system that hangs.
        if (!link.endsWith(' (deleted)')) continue;
        const found = statSync(path);
        if (isMatch(link, found))
          held.set(`${found.dev}:${found.ino}`, { id: String(found.ino), bytes: found.blocks * BLOCK });
      } catch {
        // Closed in the meantime.
      }
    }
  }
  return [...held.values()];
}

function descriptorsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
  } catch {
    return [];
  }
}
