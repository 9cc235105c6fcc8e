import { isJsonArray, isJsonObject, type Json } from '../foundation/json';

// The items of a loop (docs/guides/writing-packs.md, Loop): a list, a range, or none if only its condition ends it. A range stays three numbers and is never
// expanded.

/** Counts from `start` through `end` by `step`: safe integers, `step` not 0. */
interface CountedRange {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The `{range: …}` of a loop in the plan; null for other items. */
export function writtenRange(items: Json): Json | null {
  return isJsonObject(items) ? (items['range'] ?? null) : null;
}

/** A range by value; null if its ends are not integers or its step is 0. */
export function countedRange(range: Json): CountedRange | null {
  if (!isJsonObject(range)) return null;
  const { start, end, step } = range;
  if (!isWhole(start) || !isWhole(end) || !isWhole(step) || step === 0) return null;
  return { start, end, step };
}

function isWhole(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

/** How many numbers a range has. */
export function rangeLength({ start, end, step }: CountedRange): number {
  return Math.max(0, Math.floor((end - start) / step) + 1);
}

/** The item at this index of frozen items: of a list, of a range, or null if there are none. */
export function itemAt(items: Json, index: number): Json {
  if (isJsonArray(items)) return items[index] ?? null;
  const range = countedRange(writtenRange(items));
  return range === null || index >= rangeLength(range) ? null : range.start + index * range.step;
}
