import { lstatSync, type Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import type { RootEntry } from './built-root';

const MAX_LINKS = 40;

/** A path inside a sandbox, resolved without starting the sandbox. */
export interface Resolved {
  /** Path in the sandbox, with all links resolved. */
  readonly path: string;
  /** Path on this machine. */
  readonly source: string;
}

/**
 * The file system of a sandbox, resolved from outside. Links are resolved as inside the sandbox, never as on this machine: a pack's link to
 * `/etc/shadow` resolves to nothing.
 */
export class View {
  private readonly shown: readonly { readonly target: string; readonly source: string }[];
  private readonly links: ReadonlyMap<string, string>;

  /** `task`: the folder that is shown as `/task`. */
  constructor(entries: readonly RootEntry[], task: string) {
    this.shown = [
      { target: '/task', source: task },
      ...entries.flatMap((entry) => (entry.kind === 'shown' ? [entry] : [])),
    ].sort((a, b) => b.target.length - a.target.length);
    this.links = new Map(
      entries.flatMap((entry) => (entry.kind === 'link' ? [[entry.target, entry.to] as const] : [])),
    );
  }

  /** Null if the path does not exist or its links form a cycle. */
  async resolve(path: string): Promise<Resolved | null> {
    let links = 0;
    let done = '/';
    const left = path.split('/').reverse();
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        done = posix.dirname(done);
        continue;
      }
      const next = posix.join(done, part);
      const to = this.links.get(next) ?? (await this.linkAt(next));
      if (to === null) {
        done = next;
        continue;
      }
      if (++links > MAX_LINKS) return null;
      if (to.startsWith('/')) done = '/';
      left.push(...to.split('/').reverse());
    }
    const source = this.sourceOf(done);
    return source !== null && (await statusOf(source)) !== null ? { path: done, source } : null;
  }

  private sourceOf(path: string): string | null {
    const under = this.shown.find(({ target }) => target === '/' || path === target || path.startsWith(`${target}/`));
    if (under === undefined) return null;
    return under.target === '/' ? path : under.source + path.slice(under.target.length);
  }

  private async linkAt(path: string): Promise<string | null> {
    const source = this.sourceOf(path);
    // bubblewrap resolves links of its sources. A path that is shown by itself was therefore resolved when it was bound.
    if (source === null || this.shown.some(({ target }) => target === path)) return null;
    if ((await statusOf(source))?.isSymbolicLink() !== true) return null;
    return readlink(source).catch(() => null);
  }
}

/** Folders of the operating system, which are local as a rule. */
const SYSTEM = /^\/(usr|bin|sbin|lib\w*)\//;

/** True if a path is in a folder of the operating system. It is examined by synchronous calls, which take less processor time. */
export function isOfSystem(path: string): boolean {
  return SYSTEM.test(path);
}

/** Null if the path does not exist, or cannot be examined. */
async function statusOf(path: string): Promise<Stats | null> {
  try {
    return isOfSystem(path) ? (lstatSync(path, { throwIfNoEntry: false }) ?? null) : await lstat(path);
  } catch {
    return null;
  }
}
