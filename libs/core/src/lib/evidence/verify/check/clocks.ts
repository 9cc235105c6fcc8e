/**
 * How much earlier than a signed document says a journal may tell of it, in milliseconds. Admissions and decisions have the time of the database,
 * a journal has that of its worker: what the database last said, wrong by up to half of the time that the answer took. One minute is more than
 * an answer may take that renews a lease.
 */
const CLOCK_TOLERANCE_MS = 60_000;

/** True if the journal tells at `at` (milliseconds since the epoch) of what a signed document dates later (RFC 3339), whatever clocks differ. */
export function isStatedTooEarly(at: number, signed: string): boolean {
  return at < Date.parse(signed) - CLOCK_TOLERANCE_MS;
}
