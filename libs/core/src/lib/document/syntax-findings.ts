import type { CST } from 'yaml';
import type { Finding } from './document-fault';
import type { LineIndex } from './line-index';
import { causeOf, type LibraryError } from './syntax-cause';
import { openingQuote, unclosedBrackets, unclosedCause, type Unclosed } from './unclosed';

/** A text whose syntax is broken, with its syntax tree. */
interface Broken {
  readonly text: string;
  readonly tokens: readonly CST.Token[];
  readonly lines: LineIndex;
  /** Lines whose errors follow from another fault. */
  readonly explained: ReadonlySet<number>;
}

/** An error with what is not closed, if that is the error. */
interface Located {
  readonly error: LibraryError;
  readonly unclosed: Unclosed | null;
}

const isQuote = (unclosed: Unclosed | null): boolean => unclosed?.sign === '"' || unclosed?.sign === "'";

/**
 * The findings for errors of the YAML library. One mistake makes several errors: of each line the first is reported, and of what stands
 * between an unclosed bracket or quote and the place where the reader gave up, only that.
 */
export function findingsOf(errors: readonly LibraryError[], broken: Broken): readonly Finding[] {
  const { text, lines, explained } = broken;
  const located = withOpenings(errors, broken.tokens);
  const isWithin = withinAny(located);
  // A text without a closing quote contains the closing brackets too.
  const quoteEnds = located.find(({ unclosed }) => isQuote(unclosed))?.error.pos[0] ?? Infinity;
  const findings: Finding[] = [];
  const reported = new Map<number, number>();
  const kinds = new Set<string>();
  let tabs = -1;
  for (const { error, unclosed } of located) {
    const offset = unclosed !== null && isQuote(unclosed) ? unclosed.at : error.pos[0];
    const { line } = lines.positionAt(offset);
    if (explained.has(line) || (unclosed !== null && explained.has(lines.positionAt(unclosed.at).line))) continue;
    // A tab ends the objects and lists around it, so the next line seems to stand in the wrong place.
    if (unclosed === null && line === tabs + 1 && error.code !== 'TAB_AS_INDENT') continue;
    if (error.code === 'TAB_AS_INDENT') tabs = line;
    if (unclosed === null ? isWithin(offset) : !isQuote(unclosed) && offset >= quoteEnds) continue;
    if (reported.has(line) && (unclosed === null || isQuote(unclosed) || reported.get(line) !== offset)) continue;
    // Of several brackets of a kind that end at one place, the inner one.
    if (unclosed !== null && kinds.size === kinds.add(`${offset} ${unclosed.sign}`).size) continue;
    reported.set(line, offset);
    const cause = unclosed === null ? causeOf(error, text) : unclosedCause(unclosed, placeOf(unclosed.at, lines));
    const message = cause?.message ?? `${error.message}.`.replace('..', '.');
    findings.push({ code: 'DOC_SYNTAX', path: '', offset, message, remediation: cause?.remediation });
  }
  return findings;
}

/** The library reports unclosed brackets in the order of the tree, inner ones first. */
function withOpenings(errors: readonly LibraryError[], tokens: readonly CST.Token[]): readonly Located[] {
  const brackets = unclosedBrackets(tokens);
  let next = 0;
  return errors.map((error) => {
    const [at] = error.pos;
    if (/^Flow (?:map|sequence) .*must .*end with a .$/.test(error.message)) {
      const unclosed = brackets[next++] ?? null;
      return { error, unclosed: unclosed !== null && unclosed.at <= at ? unclosed : null };
    }
    const wantsQuote = error.message.startsWith('Missing closing ');
    return { error, unclosed: wantsQuote ? openingQuote(tokens, at) : null };
  });
}

/** Whether an offset stands after the beginning of something unclosed and not after the place where the reader gave up. */
function withinAny(located: readonly Located[]): (offset: number) => boolean {
  const spans = located
    .flatMap(({ error, unclosed }) => (unclosed === null ? [] : [{ from: unclosed.at, to: error.pos[0] }]))
    .sort((a, b) => a.from - b.from);
  let furthest = -1;
  const ends = spans.map(({ to }) => (furthest = Math.max(furthest, to)));
  return (offset) => {
    let [low, high] = [-1, spans.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((spans[middle]?.from ?? 0) < offset) low = middle;
      else high = middle - 1;
    }
    return (ends[low] ?? -1) >= offset;
  };
}

function placeOf(offset: number, lines: LineIndex): string {
  const { line, column } = lines.positionAt(offset);
  return `line ${line}, column ${column}`;
}
