import { type Json, isJsonArray, isJsonObject } from '../../foundation/json';
import { pointerTo } from '../../document/json-pointer';

/**
 * A value with the place where its author wrote it. Normalising a published spelling moves values, and every part must still know its
 * place. `entries` and `items` are set if the parts come from places other than below `at`.
 */
export interface Written {
  readonly value: Json;
  /** JSON pointer into the received document. */
  readonly at: string;
  readonly entries?: Entries;
  readonly items?: readonly Written[];
}

/** The entries of an object, by name. */
export type Entries = ReadonlyMap<string, Written>;

/** The entries of an object; null for another value. */
export function entriesOf(written: Written): Entries | null {
  if (written.entries !== undefined) return written.entries;
  const { value, at } = written;
  if (!isJsonObject(value)) return null;
  return new Map(Object.entries(value).map(([name, part]) => [name, { value: part, at: pointerTo(at, name) }]));
}

/** The items of a list; null for another value. */
export function itemsOf(written: Written): readonly Written[] | null {
  if (written.items !== undefined) return written.items;
  const { value, at } = written;
  return isJsonArray(value) ? value.map((part, index) => ({ value: part, at: pointerTo(at, index) })) : null;
}

/** An object whose parts were written elsewhere. Faults about the whole are reported at `at`. */
export function composed(at: string, entries: Entries): Written {
  return { value: {}, at, entries };
}

/** The kind of a value in a message. */
export function kindOf(value: Json): string {
  if (value === null) return 'nothing';
  if (isJsonArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}
