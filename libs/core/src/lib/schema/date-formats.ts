const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `full-date` of RFC 3339 §5.6. */
export function isDate(text: string): boolean {
  const found = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (found === null) return false;
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

/** `full-time` of RFC 3339 §5.6: with a zone; a leap second only at the end of a day of UTC. */
export function isTime(text: string): boolean {
  const found = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$/.exec(text);
  if (found === null) return false;
  const [hour, minute, second] = found.slice(1, 4).map(Number) as [number, number, number];
  const [zoneHour, zoneMinute] = [Number(found[5] ?? 0), Number(found[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return false;
  if (second < 60) return true;
  const offset = (zoneHour * 60 + zoneMinute) * (found[4] === '-' ? -1 : 1);
  return (hour * 60 + minute - offset + 2 * 1_440) % 1_440 === 1_439;
}

/** `date-time` of RFC 3339 §5.6. */
export function isDateTime(text: string): boolean {
  const mark = text[10];
  return (mark === 'T' || mark === 't') && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

const DAY_PART = '(?:[0-9]+D)';
const MONTH_PART = `(?:[0-9]+M${DAY_PART}?)`;
const DATE_PART = `(?:[0-9]+Y${MONTH_PART}?|${MONTH_PART}|${DAY_PART})`;
const SECOND_PART = '(?:[0-9]+S)';
const MINUTE_PART = `(?:[0-9]+M${SECOND_PART}?)`;
const TIME_PART = `(?:T(?:[0-9]+H${MINUTE_PART}?|${MINUTE_PART}|${SECOND_PART}))`;
const DURATION = new RegExp(`^P(?:[0-9]+W|${DATE_PART}${TIME_PART}?|${TIME_PART})$`);

/** `duration` of RFC 3339, appendix A. */
export function isDuration(text: string): boolean {
  return DURATION.test(text);
}
