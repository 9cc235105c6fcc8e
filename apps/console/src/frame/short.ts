/** The first characters of a digest, for people who compare it. */
export function shortDigest(digest: string): string {
  const at = digest.indexOf(':');
  return digest.slice(at + 1, at + 13);
}

/** The end of a run id, which differs between runs of the same minute. */
export function shortRun(runId: string): string {
  return runId.slice(-8);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size: `512 B`, `1.5 MiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const text = unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '');
  return `${text} ${UNITS[unit] ?? ''}`;
}
