import type { JsonObject } from '../../foundation/json';

/**
 * The path of a file in a pack, or null if the text is none: relative, forward slashes, no empty, `.` or `..` part, no control
 * character, at most 1 024 characters. A leading `./` is dropped; a trailing slash is kept.
 */
export function parsePackPath(text: string): string | null {
  const path = text.startsWith('./') ? text.slice(2) : text;

  if (path.length === 0 || path.length > 1_024 || /[\0-\x1f\x7f\\]/.test(path)) return null;
  const parts = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  return parts.some((part) => part === '' || part === '.' || part === '..') ? null : path;
}

/** The same as a JSON Schema. */
export const PATH_SCHEMA: JsonObject = {
  minLength: 1,
  maxLength: 1_026,
  pattern: '^[^\\x00-\\x1f\\x7f\\\\]+$',
  not: { pattern: '^/|//|^\\.\\.?$|^\\.\\./|/\\.\\.?(?:/|$)|^\\./$' },
};
