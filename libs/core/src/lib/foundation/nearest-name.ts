/**
 * The known name nearest to a misspelt one (optimal string alignment: insert, delete, change, swap neighbours), or null if none is near
 * enough. Of several equally near names the one that sorts first wins, so that messages are the same on every machine.
 */
export function nearestName(
  name: string,
  known: Iterable<string>,
  limit = Math.max(1, Math.floor(name.length / 3)),
): string | null {
  let best: string | null = null;
  let bestDistance = limit + 1;
  if (name.length > 128) return null;
  for (const candidate of known) {
    if (candidate === name || Math.abs(candidate.length - name.length) > limit) continue;
    const distance = distanceOf(name.toLowerCase(), candidate.toLowerCase());
    // Names of one character that differ have nothing in common.
    if (distance >= Math.max(candidate.length, name.length)) continue;
    if (distance < bestDistance || (distance === bestDistance && best !== null && candidate < best)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function distanceOf(a: string, b: string): number {
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((old[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (old[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (older[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    older = old;
    old = row;
  }
  return old[b.length] ?? 0;
}
