import type { JsonObject } from '../../foundation/json';

/**
 * The path of a file in a pack; null if the text is not one. A path is relative with forward slashes, has no empty, `.` or `..` part and no
 * control character, and is at most 1 024 characters long. A leading `./` is dropped; a trailing slash is kept.
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
