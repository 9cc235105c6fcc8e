export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** How a stored line begins: one letter for its level, then its text. */
export const LEVEL_LETTERS: Readonly<Record<LogLevel, string>> = {
  trace: 't',
  debug: 'd',
  info: 'i',
  warn: 'w',
  error: 'e',
};
/** The levels by their letter. */
export const LEVELS_BY_LETTER: Readonly<Record<string, LogLevel>> = {
  t: 'trace',
  d: 'debug',
  i: 'info',
  w: 'warn',
  e: 'error',
};

/** Ends the text of a stored line whose text goes on in the next line of its stream. */
export const SPLIT_MARK = ' …[line goes on]';
