import type { NextFunction, Request, Response } from 'express';
import { ApiError } from '../problems/problem';
import { fault, requestInvalid } from './validated';

const NUL = '\u0000';
const REMEDY = 'Remove the character U+0000. Texts of a run cannot contain it.';

/** Refuses a request whose path or query contains U+0000, which PostgreSQL cannot store (PostgreSQL manual §8.3). */
export function refuseNulInUrl(request: Request, _response: Response, next: NextFunction): void {
  if (!request.url.includes('%00')) return next();
  const [path = '', query = ''] = request.url.split(/\?(.*)/s);
  const faults = [...new URLSearchParams(query)]
    .filter(([name, value]) => name.includes(NUL) || value.includes(NUL))
    .map(([name]) => fault(`/${name.replaceAll(NUL, '%00')}`, 'The query contains U+0000.', REMEDY));
  if (path.includes('%00')) faults.unshift(fault('', 'The path contains U+0000.', REMEDY));
  next(new ApiError('REQUEST_INVALID', 'the URL contains U+0000', faults));
}

/** Refuses a value in which a text or a key contains U+0000. Throws `REQUEST_INVALID`. */
export function refuseNul(value: unknown): void {
  const pointer = pointerToNul(value);
  if (pointer !== null) throw requestInvalid(pointer, 'The text contains U+0000.', REMEDY);
}

/**
 * The JSON pointer (RFC 6901) of the first text or key with U+0000, which is written as `%00` there. Values are not nested more deeply than
 * bodies may be.
 */
function pointerToNul(value: unknown): string | null {
  if (typeof value === 'string') return value.includes(NUL) ? '' : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    const token = key.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll(NUL, '%00');
    if (key.includes(NUL)) return `/${token}`;
    const below = pointerToNul(member);
    if (below !== null) return `/${token}${below}`;
  }
  return null;
}
