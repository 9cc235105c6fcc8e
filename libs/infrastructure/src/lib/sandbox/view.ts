import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import type { RootEntry } from './built-root';

const MAX_LINKS = 40;

/** A path inside a sandbox, resolved without starting it. */
export interface Resolved {
  /** As the step sees it, all links followed. */
  readonly path: string;
  /** Where it lies on this machine. */
  readonly source: string;
}

/**
 * The files a step will see, looked at from outside: links are followed as they will lead in there, never as they lead here, so that
 * a link of a pack to `/etc/shadow` resolves to nothing.
 */
export class View {
  private readonly shown: readonly { readonly target: string; readonly source: string }[];
  private readonly links: ReadonlyMap<string, string>;

  /** `task`: the folder that is seen as `/task`. */
  constructor(entries: readonly RootEntry[], task: string) {
    this.shown = [
      { target: '/task', source: task },
      ...entries.flatMap((entry) => (entry.kind === 'shown' ? [entry] : [])),
    ].sort((a, b) => b.target.length - a.target.length);
    this.links = new Map(
      entries.flatMap((entry) => (entry.kind === 'link' ? [[entry.target, entry.to] as const] : [])),
    );
  }

  /** Null if nothing is there, or links go in circles. */
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
    return source !== null && (await exists(source)) ? { path: done, source } : null;
  }

  private sourceOf(path: string): string | null {
    const under = this.shown.find(({ target }) => target === '/' || path === target || path.startsWith(`${target}/`));
    if (under === undefined) return null;
    return under.target === '/' ? path : under.source + path.slice(under.target.length);
  }

  private async linkAt(path: string): Promise<string | null> {
    const source = this.sourceOf(path);
    // What is shown at a path of its own is what was looked up when it was shown: bubblewrap follows links of its sources.
    if (source === null || this.shown.some(({ target }) => target === path)) return null;
    try {
      return (await lstat(source)).isSymbolicLink() ? await readlink(source) : null;
    } catch {
      return null;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
