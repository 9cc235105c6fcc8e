import type { CST } from 'yaml';

/** A bracket or a quote that opens and is not closed. */
export interface Unclosed {
  readonly sign: '{' | '[' | '"' | "'";
  /** Offset of the sign. */
  readonly at: number;
}

const CLOSING = { '{': '}', '[': ']', '"': '"', "'": "'" } as const;

/** The brackets of a syntax tree that are not closed, inner ones first: the order in which the library reports them. */
export function unclosedBrackets(tokens: readonly CST.Token[]): readonly Unclosed[] {
  const found: Unclosed[] = [];
  for (const token of tokens) if (token.type === 'document') visit(token.value, found);
  return found;
}

function visit(token: CST.Token | null | undefined, found: Unclosed[]): void {
  if (token === null || token === undefined || !('items' in token)) return;
  for (const item of token.items) {
    if ('key' in item) visit(item.key, found);
    visit(item.value, found);
  }
  if (token.type !== 'flow-collection') return;
  const sign = token.start.source as '{' | '[';
  if (token.end[0]?.source !== CLOSING[sign]) found.push({ sign, at: token.start.offset });
}

/** What is wrong with something that is not closed, and what to do. `place`: where it opens. */
export function unclosedCause({ sign }: Unclosed, place: string) {
  if (sign === '{' || sign === '[')
    return {
      message: `The ${sign === '{' ? 'object' : 'list'} that begins with ${sign} in ${place} is not closed.`,
      remediation: `Close it with ${CLOSING[sign]} before this place. Lines between the brackets are indented more than the line of the ${sign}.`,
    };
  return {
    message: `The text that begins with ${sign} has no closing quote.`,
    remediation:
      sign === '"'
        ? 'Write " at its end. A " inside it is written \\".'
        : "Write ' at its end. An apostrophe inside it is written ''.",
  };
}

/** Offset of the quote that opens the text that ends at `end` without a closing quote; null if there is none. */
export function openingQuote(tokens: readonly CST.Token[], end: number): Unclosed | null {
  for (const token of tokens) {
    const found = token.type === 'document' ? lastQuoted(token.value, end) : null;
    if (found !== null) return found;
  }
  return null;
}

function lastQuoted(token: CST.Token | null | undefined, end: number): Unclosed | null {
  if (token === null || token === undefined) return null;
  if (token.type === 'double-quoted-scalar' || token.type === 'single-quoted-scalar')
    return token.offset + token.source.length === end
      ? { sign: token.type === 'double-quoted-scalar' ? '"' : "'", at: token.offset }
      : null;
  if (!('items' in token)) return null;
  for (const item of token.items.toReversed()) {
    const found = lastQuoted(item.value, end) ?? ('key' in item ? lastQuoted(item.key, end) : null);
    if (found !== null) return found;
  }
  return null;
}
