import { readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';

const BLOCK = 512;

/** A file that a process holds, and that no folder names. */
interface HeldFile {
  readonly id: string;
  readonly bytes: number;
}

/** Files of one file system (`dev` of stat(2)) that these processes hold open and that have no name any more. Each once. */
export function unnamedFiles(pids: readonly number[], dev: number): readonly HeldFile[] {
  return filesHeld(pids, (_link, { nlink, dev: own }) => nlink === 0 && own === dev);
}

/** Files in memory (memfd_create(2)) that these processes hold open. Each once. */
export function memoryFiles(pids: readonly number[]): readonly HeldFile[] {
  return filesHeld(pids, (link) => link.startsWith('/memfd:'));
}

/** A file that a process has mapped. `bytes`: of the pages that are mapped, at most. */
interface MappedFile extends HeldFile {
  readonly dev: string;
  readonly path: string;
}

/** What these processes have mapped of files without names, largest extent of each. proc_pid_maps(5). */
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

/** Device number as maps shows it: two hexadecimal numbers. */
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
    // The process is over, or hides from this user.
    return [];
  }
}

function filesHeld(pids: readonly number[], isMatch: (link: string, found: Stats) => boolean): readonly HeldFile[] {
  const held = new Map<string, HeldFile>();
  for (const pid of pids) {
    for (const path of descriptorsOf(pid)) {
      try {
        const link = readlinkSync(path);
        // Only what has no name is looked at: it lies on this machine, while a file with a name may be on a network that hangs.
        if (!link.endsWith(' (deleted)')) continue;
        const found = statSync(path);
        if (isMatch(link, found))
          held.set(`${found.dev}:${found.ino}`, { id: String(found.ino), bytes: found.blocks * BLOCK });
      } catch {
        // Closed meanwhile.
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
