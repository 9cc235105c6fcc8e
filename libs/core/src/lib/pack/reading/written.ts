import { type Json, isJsonArray, isJsonObject } from '../../foundation/json';
import { pointerTo } from '../../document/json-pointer';

/**
 * A value together with the place where its author wrote it. Normalising a published spelling rearranges these, so that every
 * part still knows its place; `entries` and `items` are given where the parts come from elsewhere than below `at`.
 */
export interface Written {
  readonly value: Json;
  /** JSON pointer into the document as it was received. */
  readonly at: string;
  readonly entries?: Entries;
  readonly items?: readonly Written[];
}

/** The entries of an object, by name. */
export type Entries = ReadonlyMap<string, Written>;

/** The entries of an object, or null if it is none. */
export function entriesOf(written: Written): Entries | null {
  if (written.entries !== undefined) return written.entries;
  const { value, at } = written;
  if (!isJsonObject(value)) return null;
  return new Map(Object.entries(value).map(([name, part]) => [name, { value: part, at: pointerTo(at, name) }]));
}

/** The items of a list, or null if it is none. */
export function itemsOf(written: Written): readonly Written[] | null {
  if (written.items !== undefined) return written.items;
  const { value, at } = written;
  return isJsonArray(value) ? value.map((part, index) => ({ value: part, at: pointerTo(at, index) })) : null;
}

/** An object made of parts that were written elsewhere; `at` is where faults about the whole are shown. */
export function composed(at: string, entries: Entries): Written {
  return { value: {}, at, entries };
}

/** What a value is, in the words of a message. */
export function kindOf(value: Json): string {
  if (value === null) return 'nothing';
  if (isJsonArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}
