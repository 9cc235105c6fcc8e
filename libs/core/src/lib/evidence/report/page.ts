import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';

// A report after layout and before it is written as Markdown or HTML. Plain strings are text of this product. Everything from packs, steps,
// people or keys is `quoted`, so that no renderer can take it for markup or for our own text.

/** External text on one line. */
export interface Quoted {
  readonly quoted: string;
}
export type Inline = string | Quoted;
/** A run of words. */
export type Words = readonly Inline[];

export type Block =
  | { readonly kind: 'text'; readonly words: Words }
  | { readonly kind: 'good' | 'warning' | 'bad'; readonly words: Words }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [string, Words])[] }
  | { readonly kind: 'list'; readonly items: readonly Words[] }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly Words[])[] }
  /** External text of several lines. */
  | { readonly kind: 'quote'; readonly text: string };

/** Level 1 is the title. */
export interface Section {
  readonly level: 1 | 2 | 3;
  readonly title: Words;
  readonly blocks: readonly Block[];
}

/** External text. A value of a malformed document that is not text is shown as JSON. */
export function q(value: unknown): Quoted {
  return { quoted: typeof value === 'string' ? value : JSON.stringify(value ?? null) };
}

/** A person or client: subject and issuer. */
export function who({ iss, sub }: Subject): Words {
  return [q(sub), ' (', q(iss), ')'];
}

/** External texts separated by commas; `none` for an empty list. */
export function listed(values: readonly unknown[], none = 'none'): Words {
  return values.length === 0 ? [none] : joined(values.map((value) => [q(value)]));
}

/** Texts with a separator between them. */
export function joined(parts: readonly Words[], separator = ', '): Words {
  return parts.flatMap((part, i) => (i === 0 ? part : [separator, ...part]));
}

/** JSON on one line, at most 2 000 characters of it with the total number. */
export function json(value: Json): Quoted {
  const text = canonical(value);
  return q(text.length <= 2_000 ? text : `${text.slice(0, 2_000)}… (${text.length} characters)`);
}

/** JSON over several lines, at most 20 000 characters of it. */
export function jsonBlock(value: Json): Block {
  const text = JSON.stringify(value, null, 2);
  return { kind: 'quote', text: text.length <= 20_000 ? text : `${text.slice(0, 20_000)}\n…` };
}

/**
 * A table, or a sentence if it has no rows. If there are more than `limit` rows, the rows in the middle are replaced by their number,
 * because the last rows often matter most.
 */
export function table(
  columns: readonly string[],
  rows: readonly (readonly Words[])[],
  none: string,
  limit = 1_000,
): readonly Block[] {
  if (rows.length === 0) return [{ kind: 'text', words: [none] }];
  if (rows.length <= limit) return [{ kind: 'table', columns, rows }];
  const half = limit / 2;
  const left = rows.length - 2 * half;
  return [
    { kind: 'table', columns, rows: rows.slice(0, half) },
    {
      kind: 'text',
      words: [`${left} rows are omitted. The JSON form of this report contains them. The last ${half} rows are:`],
    },
    { kind: 'table', columns, rows: rows.slice(-half) },
  ];
}
