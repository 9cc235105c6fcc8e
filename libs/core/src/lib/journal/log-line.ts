export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Prefix of a stored line: one letter for its level, followed by its text. */
export const LEVEL_LETTERS: Readonly<Record<LogLevel, string>> = {
  trace: 't',
  debug: 'd',
  info: 'i',
  warn: 'w',
  error: 'e',
};
/** Levels by letter. */
export const LEVELS_BY_LETTER: Readonly<Record<string, LogLevel>> = {
  t: 'trace',
  d: 'debug',
  i: 'info',
  w: 'warn',
  e: 'error',
};

/** Marks the end of a stored line whose text continues in the next line of its stream. */
export const SPLIT_MARK = ' …[line goes on]';
