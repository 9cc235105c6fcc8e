/** Which part of the audit chain is shown: the entries after this one; absent: the last ones. */
interface AuditSearch {
  readonly after?: number;
}

export function readAuditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  const after = Number(search['after'] ?? Number.NaN);
  return Number.isSafeInteger(after) && after >= 0 ? { after } : {};
}

/**
 * The number of the last entry of a chain that is numbered from 1 without gaps; 0: it is empty. `has` asks for one entry; it is asked about
 * twice the logarithm of the number of entries.
 */
export async function lastEntry(has: (seq: number) => Promise<boolean>): Promise<number> {
  let beyond = 1;
  while (await has(beyond)) beyond *= 2;
  let last = Math.floor(beyond / 2);
  while (beyond - last > 1) {
    const middle = Math.floor((last + beyond) / 2);
    if (await has(middle)) last = middle;
    else beyond = middle;
  }
  return last;
}
