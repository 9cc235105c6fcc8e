import { CST, Lexer, Parser } from 'yaml';
import type { Finding } from './document-fault';

/** Result of one pass over the lexemes: the syntax tree, and the findings that need only lexemes. */
export interface Scan {
  readonly tokens: readonly CST.Token[];
  readonly findings: readonly Finding[];
  /** Offsets of `&name` and of `!tag`, in order. */
  readonly anchors: readonly number[];
  readonly tags: readonly number[];
  /** Offsets of each `{` that is directly followed by another `{`, in order. Only an unquoted expression looks like this. */
  readonly expressions: readonly number[];
}

const COLLECTIONS = new Set<string>(['flow-collection', 'block-map', 'block-seq']);

/**
 * Cuts a text into tokens and counts the nesting. It stops at the first level beyond the limit. The lexer and the token parser keep their
 * own stack; the composer, which recurses, never sees a text that is nested too deeply. The parser's own lexer does the counting, so both
 * agree on where a string or a comment ends.
 */
export function scan(text: string, maxDepth: number): Scan {
  const parser = new Parser();
  const [tokens, findings]: [CST.Token[], Finding[]] = [[], []];
  const [anchors, tags, expressions]: [number[], number[], number[]] = [[], [], []];
  let inScalar = false;
  let openedAt = -1;
  for (const lexeme of new Lexer().lex(text)) {
    const offset = parser.offset;
    const type: CST.TokenType | null = inScalar ? null : CST.tokenType(lexeme);
    inScalar = type === 'scalar';
    if (type === 'anchor') anchors.push(offset);
    else if (type === 'tag') tags.push(offset);
    else if (type === 'directive-line')
      findings.push({ code: 'DOC_DIRECTIVE', path: '', offset, message: 'There is a directive before the document.' });
    else if (type === 'flow-map-start') {
      if (openedAt >= 0 && openedAt === offset - 1) expressions.push(openedAt);
      openedAt = openedAt === offset - 1 ? -1 : offset;
    }
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > maxDepth && depthOf(parser.stack) > maxDepth)
      return { tokens: [], findings: [...findings, tooDeep(offset, maxDepth)], anchors, tags, expressions };
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens, findings, anchors, tags, expressions };
}

/** The fault of a document that nests too deep at an offset. */
export function tooDeep(offset: number, maxDepth: number, path = ''): Finding {
  const message = `Lists and objects are nested more than ${maxDepth} levels deep.`;
  return { code: 'DOC_TOO_DEEP', path, offset, message };
}

function depthOf(stack: readonly CST.Token[]): number {
  return stack.reduce((depth, token) => depth + (COLLECTIONS.has(token.type) ? 1 : 0), 0);
}
