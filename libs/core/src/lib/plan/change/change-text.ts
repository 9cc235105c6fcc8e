import type { Json } from '../../foundation/json';
import { lineDifference, type MarkedLine } from './line-difference';

/** A line of a difference. `…`: in place of equal lines; the text says how many. */
export interface ChangeLine {
  readonly mark: MarkedLine['mark'] | '…';
  readonly text: string;
}

/** A change of a value as people read it, without control characters being escaped in `lines`. */
export type ChangeText =
  /** Both values as JSON, cut around their first difference if they are long. */
  | { readonly kind: 'pair'; readonly before: string; readonly after: string }
  /** Of texts of several lines. `more`: lines that differ and are not among `lines`. */
  | { readonly kind: 'lines'; readonly lines: readonly ChangeLine[]; readonly more: number };

/** Maximum characters of one value, and of one line, of a difference. */
const MOST_CHARACTERS = 160;
/** Characters before the first difference of two long values. */
const CONTEXT_CHARACTERS = 40;
/** Lines of a difference of lines that are shown. */
const MOST_LINES = 40;
/** Equal lines before and after lines that differ. */
const CONTEXT_LINES = 2;

/** How a value differs. The first difference is never in a part that is cut. Undefined: the value did not exist. Pure. */
export function changeText({ before, after }: { readonly before?: unknown; readonly after?: unknown }): ChangeText {
  const [old, now] = [linesOf(before), linesOf(after)];
  if (old === null || now === null || Math.max(old.length, now.length) < 2) {
    const [from, to] = cutPair(jsonOf(before as Json | undefined), jsonOf(after as Json | undefined));
    return { kind: 'pair', before: from, after: to };
  }
  const lines = withoutFarLines(cutLines(lineDifference(old, now)));
  const shown = lines.slice(0, MOST_LINES);
  return { kind: 'lines', lines: shown, more: lines.slice(MOST_LINES).filter(isDifferent).length };
}

/** What stands below the lines that are shown. */
export function moreText(more: number): string {
  return more === 1 ? '1 more line differs' : `${more} more lines differ`;
}

function jsonOf(value: Json | undefined): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}

/** The lines of a text; null: it is no text. */
function linesOf(value: unknown): readonly string[] | null {
  if (value === undefined) return [];
  return typeof value === 'string' ? value.split('\n') : null;
}

function isDifferent({ mark }: ChangeLine): boolean {
  return mark === '-' || mark === '+';
}

/** Cuts long lines: a removed one and the added one in its place around their first difference. */
function cutLines(lines: readonly MarkedLine[]): readonly MarkedLine[] {
  const cut = lines.map(({ text }) => text);
  let at = 0;
  while (at < lines.length) {
    const removed = countOf('-', lines, at);
    const added = countOf('+', lines, at + removed);
    for (let pair = 0; pair < Math.max(1, removed, added); pair += 1) {
      const [from, to] = [at + pair, at + removed + pair];
      if (pair < removed && pair < added) [cut[from], cut[to]] = cutPair(cut[from] ?? '', cut[to] ?? '');
      else {
        const single = pair < removed || removed + added === 0 ? from : to;
        [cut[single]] = cutPair(cut[single] ?? '', '');
      }
    }
    at += Math.max(1, removed + added);
  }
  return lines.map(({ mark }, index) => ({ mark, text: cut[index] ?? '' }));
}

function countOf(mark: MarkedLine['mark'], lines: readonly MarkedLine[], from: number): number {
  let at = from;
  while (lines[at]?.mark === mark) at += 1;
  return at - from;
}

/** Puts one line in place of equal lines that are far from what differs. */
function withoutFarLines(lines: readonly MarkedLine[]): readonly ChangeLine[] {
  const isNear = lines.map(() => false);
  for (const [at, line] of lines.entries())
    if (isDifferent(line))
      isNear.fill(true, Math.max(0, at - CONTEXT_LINES), Math.min(lines.length, at + CONTEXT_LINES + 1));
  const found: ChangeLine[] = [];
  let far = 0;
  for (const [at, line] of lines.entries()) {
    if (isNear[at] === false) far += 1;
    if (far > 0 && (isNear[at] === true || at === lines.length - 1)) {
      found.push({ mark: '…', text: far === 1 ? '1 equal line' : `${far} equal lines` });
      far = 0;
    }
    if (isNear[at] === true) found.push(line);
  }
  return found;
}

/** Both texts, cut around their first difference if they are long. */
function cutPair(from: string, to: string): [string, string] {
  const isLong = from.length > MOST_CHARACTERS && to.length > MOST_CHARACTERS;
  const start = isLong ? Math.max(0, firstDifference(from, to) - CONTEXT_CHARACTERS) : 0;
  const cut = (text: string): string => {
    const shown = text.slice(start, start + MOST_CHARACTERS).replaceAll(HALF_CHARACTER, '');
    return `${start === 0 ? '' : '…'}${shown}${text.length > start + MOST_CHARACTERS ? '…' : ''}`;
  };
  return [cut(from), cut(to)];
}

/** The second half of a surrogate pair at the beginning, or the first half at the end. */
const HALF_CHARACTER = /^[\udc00-\udfff]|[\ud800-\udbff]$/g;

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
