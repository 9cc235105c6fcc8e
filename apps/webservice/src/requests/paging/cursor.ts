import { digestOf } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { ApiError } from '../../problems/problem';
import { fault } from '../validated';

/** The position at which a page ended, bound to the tenant and the filter of its list. It continues only that list. */
export function toCursor(position: string, list: Json): string {
  return Buffer.from(JSON.stringify([position, bindingOf(position, list)])).toString('base64url');
}

/** The position in a cursor. Throws `REQUEST_INVALID` for a cursor of another list and for anything else. */
export function fromCursor(cursor: string, list: Json): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value) && typeof value[0] === 'string' && value[1] === bindingOf(value[0], list)) return value[0];
  } catch {
    // Not one of ours.
  }
  throw new ApiError('REQUEST_INVALID', 'the query is invalid', [
    fault('/cursor', 'cursor must be the nextCursor of this list.', 'Start with the first page.'),
  ]);
}

function bindingOf(position: string, list: Json): string {
  return digestOf(['cursor.v1', position, list]).slice(7, 39);
}
