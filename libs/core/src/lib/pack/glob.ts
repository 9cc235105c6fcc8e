/**
 * Matches path parts against pattern parts: `**` matches any parts, `*` any characters of one part, `?` one character. Only the last star
 * is backtracked, so the time is at most pattern × text for every pattern.
 */
export function matchGlob(pattern: readonly string[], parts: readonly string[]): boolean {
  return wild(pattern, parts, '**', (wanted, part) =>
    wild([...wanted], [...part], '*', (w, c) => w === '?' || w === c),
  );
}

function wild<T>(pattern: readonly T[], parts: readonly T[], star: T, same: (wanted: T, part: T) => boolean): boolean {
  let [at, next] = [0, 0];
  let retry: { at: number; next: number } | null = null;
  while (next < parts.length) {
    const wanted = pattern[at];
    if (wanted === star) retry = { at: ++at, next };
    else if (wanted !== undefined && same(wanted, parts[next] as T)) [at, next] = [at + 1, next + 1];
    else if (retry !== null) {
      retry = { at: retry.at, next: retry.next + 1 };
      [at, next] = [retry.at, retry.next];
    } else return false;
  }
  while (pattern[at] === star) at++;
  return at === pattern.length;
}
