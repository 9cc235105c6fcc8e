/**
 * Maximum time in milliseconds by which a journal entry may precede the date of the signed document that it records. Admissions and
 * decisions are dated by the database. Journals are dated by the worker's estimate of that time, which is off by up to half of a round
 * trip. A round trip that renews a lease takes less than a minute.
 */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * True if a journal entry at `at` (milliseconds since the epoch) precedes the date of the signed document (RFC 3339) by more than clocks
 * may differ.
 */
export function isStatedTooEarly(at: number, signed: string): boolean {
  return at < Date.parse(signed) - CLOCK_TOLERANCE_MS;
}
