const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SHORT = /^([0-9]{1,9})([smhd])$/;
const ISO =
  /^P(?:([0-9]{1,9})W|(?:([0-9]{1,9})D)?(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,3})?)S)?)?)$/;

/** Patterns of the two forms, without look-ahead, for a JSON Schema. They do not limit the length of the time. */
export const DURATION_PATTERNS = [
  SHORT.source,
  '^P[0-9]{1,9}(?:W|D)$',
  '^P(?:[0-9]{1,9}D)?T(?:[0-9]{1,9}H(?:[0-9]{1,9}M)?(?:[0-9]{1,9}(?:\\.[0-9]{1,3})?S)?|[0-9]{1,9}M(?:[0-9]{1,9}(?:\\.[0-9]{1,3})?S)?|[0-9]{1,9}(?:\\.[0-9]{1,3})?S)$',
];

/** The longest duration: ten years of 365 days. */
export const LONGEST_MS = 3_650 * UNITS.d;

/**
 * Milliseconds of a duration, or null: `90s`, `30m`, `4h`, `7d`, or ISO 8601 with weeks, days, hours, minutes, seconds (no
 * months and years, whose length depends on when they begin), at most `LONGEST_MS`.
 */
export function parseDuration(text: string): number | null {
  const short = SHORT.exec(text);
  if (short !== null) return limited(Number(short[1]) * UNITS[short[2] as keyof typeof UNITS]);
  const iso = ISO.exec(text);
  if (iso === null || text === 'P') return null;
  const [weeks, days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return limited(Math.round((weeks * 7 + days) * UNITS.d + hours * UNITS.h + minutes * UNITS.m + seconds * 1_000));
}

/** The canonical form of a duration: ISO 8601 in seconds, `PT90S`. */
export function printDuration(milliseconds: number): string {
  return `PT${milliseconds / 1_000}S`;
}

function limited(milliseconds: number): number | null {
  return milliseconds <= LONGEST_MS ? milliseconds : null;
}
