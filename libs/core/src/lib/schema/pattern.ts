import type * as Re2 from 're2js';

/** Longest pattern in UTF-16 units, and the most instructions that it may become (`a{1000}` is a thousand). */
const MAX_PATTERN_LENGTH = 4_096;
const MAX_PATTERN_SIZE = 20_000;

/** A pattern that is searched for in a text in time linear in the text. */
interface Pattern {
  readonly isIn: (text: string) => boolean;
  /** Number of instructions: the maximum cost of one character of text. */
  readonly size: number;
}

/** A pattern in RE2 syntax that is searched for anywhere in a text, like ECMA-262 `test`; or why it is invalid. */
export function compilePattern(source: string): Pattern | string {
  if (source.length > MAX_PATTERN_LENGTH) return `the pattern has more than ${MAX_PATTERN_LENGTH} characters`;
  // Loaded with the first pattern: most processes have none.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { RE2JS } = require('re2js') as typeof Re2;
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    const size = compiled.programSize();
    if (size > MAX_PATTERN_SIZE) return `the pattern repeats so much that it has more than ${MAX_PATTERN_SIZE} states`;
    return { isIn: (text) => compiled.matcher(text).find(), size };
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : 'the pattern cannot be read';
  }
}
