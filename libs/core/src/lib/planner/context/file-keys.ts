/** Two keys of `files` that cannot both exist below `in/`: the same file, or one below the other. `path` is the later one. */
interface FileKeyConflict {
  readonly path: string;
  readonly other: string;
}

/**
 * Conflicts among keys of `files`. Keys are compared as on a file system that folds case and composes characters. A folder (`logs/`) could
 * hold other keys only if nothing is unpacked into it, which is not known before a run, so it may not.
 */
export function fileKeyConflicts(keys: readonly string[]): readonly FileKeyConflict[] {
  const taken = new Map<string, string>();
  const inner = new Map<string, string>();
  const conflicts: FileKeyConflict[] = [];
  for (const path of keys) {
    const parts = partsOf(path);
    const whole = parts.join('/');
    const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const other = above.map((one) => taken.get(one)).find((one) => one !== undefined) ?? inner.get(whole);
    if (other !== undefined) conflicts.push({ path, other });
    if (!taken.has(whole)) taken.set(whole, path);
    for (const one of above.slice(0, -1)) if (!inner.has(one)) inner.set(one, path);
  }
  return conflicts;
}

function partsOf(path: string): readonly string[] {
  const written = path.endsWith('/') ? path.slice(0, -1) : path;
  return written.normalize('NFC').toLowerCase().split('/');
}
