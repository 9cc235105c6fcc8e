/** The last millisecond of the year 9999, the last that RFC 3339 can write. */
export const LATEST_STORED_TIME = 253_402_300_799_999;

/** True if `value` is a time that the product can have stored: whole milliseconds since the epoch, up to the year 9999. */
export function isStoredTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LATEST_STORED_TIME;
}

/** True for a time as of `isStoredTime`, or null. */
export function isStoredTimeOrNull(value: unknown): value is number | null {
  return value === null || isStoredTime(value);
}

/** The time, or null for one that cannot be shown. For times that somebody with the database can change anyway. */
export function shownTime(value: unknown): number | null {
  return isStoredTime(value) ? value : null;
}
