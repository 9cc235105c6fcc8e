import type { Json } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import { ExpressionError } from './expression-fault';

/** Longest expression, UTF-16 units. */
export const MAX_EXPRESSION_LENGTH = 16_384;
/** Most tokens of one expression; also bounds the depth of its tree. */
const MAX_TOKENS = 1_000;
/** Deepest nesting of brackets, operators that bind to the right, and JSON literals. */
export const MAX_NESTING = 64;

/** A token. `afterDot`: a name after a dot, which may contain hyphens and is never a word operator. */
export interface Token {
  readonly kind: 'name' | 'quoted' | 'variable' | 'number' | 'value' | 'mark' | 'end';
  /** The name, or the symbol in canonical spelling. */
  readonly text: string;
  /** Value of a number, a string or a JSON literal. */
  readonly value: Json;
  readonly at: number;
  /** True if white space or the beginning of the text precedes it. */
  readonly spaced: boolean;
  readonly afterDot: boolean;
}

/** Tokens and the offset at which lexing stopped: the end of the text, or the `}}` that closes the expression. */
interface Lexed {
  readonly tokens: readonly Token[];
  readonly end: number;
}

const SPACE = /[ \t\r\n]/;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOTTED_NAME = /[A-Za-z_][A-Za-z0-9_]*(?:-+[A-Za-z0-9_]+)*/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const MARKS = ['[?', '[]', '&&', '||', '==', '!=', '<=', '>=', '//', ...'()[]{}.,:@$&|!<>=+-*/%?×÷−'];
const SPELLING: Readonly<Record<string, string>> = {
  '×': '*',
  '÷': '/',
  '−': '-',
  '&&': 'and',
  '||': 'or',
  '!': 'not',
};

function fail(message: string, remediation: string, at: number): never {
  throw new ExpressionError('EXPR_SYNTAX', message, remediation, at);
}

/**
 * The tokens of the expression that begins at `from`. With `closing` it ends before the first `}}` that closes no brace of its own
 * and is in no string; the end of the text before that is `EXPR_UNCLOSED`. Throws an `ExpressionError`.
 */
export function lex(text: string, from = 0, closing = false): Lexed {
  const tokens: Token[] = [];
  let braces = 0;
  let at = from;
  let spaced = true;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  const push = (kind: Token['kind'], mark: string, value: Json, length: number): void => {
    const previous = tokens.at(-1);
    const afterDot = previous?.kind === 'mark' && previous.text === '.';
    tokens.push({ kind, text: mark, value, at, spaced, afterDot });
    if (tokens.length > MAX_TOKENS) tooLarge(`more than ${MAX_TOKENS} parts`, at);
    at += length;
    spaced = false;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (closing && braces === 0 && text.startsWith('}}', at)) break;
    if (at - from > MAX_EXPRESSION_LENGTH) tooLarge(`longer than ${MAX_EXPRESSION_LENGTH} characters`, from);
    if (SPACE.test(character)) {
      at++;
      spaced = true;
      continue;
    }
    const last = tokens.at(-1);
    const name = match(last?.kind === 'mark' && last.text === '.' ? DOTTED_NAME : NAME);
    const number = name === null ? match(NUMBER) : null;
    if (name !== null) push('name', name, null, name.length);
    else if (number !== null) push('number', number, numberOf(number, at), number.length);
    else if (character === "'") {
      const end = closingQuote(text, at, "'");
      push('value', '', text.slice(at + 1, end).replace(/\\([\\'])/g, '$1'), end + 1 - at);
    } else if (character === '"') {
      const end = closingQuote(text, at, '"');
      const value = jsonOf(text.slice(at, end + 1), at);
      push('quoted', typeof value === 'string' ? value : '', null, end + 1 - at);
    } else if (character === '`') {
      const end = closingQuote(text, at, '`');
      push('value', '', jsonOf(text.slice(at + 1, end).replaceAll('\\`', '`'), at), end + 1 - at);
    } else if (character === '$' && /[A-Za-z_]/.test(text.charAt(at + 1))) {
      at++;
      const variable = match(NAME) ?? '';
      at--;
      push('variable', variable, null, variable.length + 1);
    } else {
      const mark = MARKS.find((candidate) => text.startsWith(candidate, at));
      if (mark === undefined) fail('this character has no meaning in an expression', "write a string 'like this'", at);
      if (mark === '{') braces++;
      if (mark === '}') braces--;
      push('mark', SPELLING[mark] ?? mark, null, mark.length);
    }
  }
  if (closing && at >= text.length) {
    throw new ExpressionError(
      'EXPR_UNCLOSED',
      '`{{` is not closed',
      "end the expression with `}}`; for the literal characters, write {{ '{{' }}",
      from,
    );
  }
  const end = at;
  push('end', '', null, 0);
  return { tokens, end };
}

function tooLarge(what: string, at: number): never {
  throw new ExpressionError('EXPR_LIMIT', `the expression is ${what}`, 'split the expression over several steps', at);
}

function closingQuote(text: string, open: number, quote: string): number {
  let at = open + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  if (at >= text.length) fail(`${quote} is not closed`, `add the closing ${quote}`, open);
  return at;
}

function numberOf(text: string, at: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    fail('the number is too large to be exact', 'use an integer up to 9007199254740991', at);
  }
  return value;
}

function jsonOf(text: string, at: number): Json {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth++;
    if (character === ']' || character === '}') depth--;
    if (depth > MAX_NESTING) tooLarge(`nested deeper than ${MAX_NESTING} levels`, at);
  }
  try {
    const value = JSON.parse(text) as Json;
    canonical(value);
    return value;
  } catch {
    return fail(
      'this is not JSON',
      'use JSON between backticks, and a field name with JSON escapes between double quotes',
      at,
    );
  }
}
