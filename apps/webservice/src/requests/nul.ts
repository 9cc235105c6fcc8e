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

/**
 * Refuses a URL whose percent-encoding is not UTF-8 (RFC 3986 section 2.5): no router can decode such a path, and a parameter would have
 * another value than the client meant.
 */
export function refuseUndecodableUrl(request: Request, _response: Response, next: NextFunction): void {
  const [path = '', query = ''] = request.url.split(/\?(.*)/s);
  if (!isDecodable(path)) {
    const problem = 'The path is not valid percent-encoding of UTF-8.';
    return next(requestInvalid('', problem, 'Encode each segment of the path: % is %25, and ÿ is %C3%BF.'));
  }
  const wrong = query.split('&').find((parameter) => !isDecodable(parameter));
  if (wrong === undefined) return next();
  const [name = ''] = wrong.split('=', 1);
  const problem = 'The query is not valid percent-encoding of UTF-8.';
  next(requestInvalid(`/${name}`, problem, 'Encode each parameter: % is %25, and ÿ is %C3%BF.'));
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Refuses a value in which a text or a key contains U+0000. Throws `REQUEST_INVALID`. */
export function refuseNul(value: unknown): void {
  const pointer = pointerTo(value, (text) => text.includes(NUL));
  if (pointer !== null) throw requestInvalid(pointer, 'The text contains U+0000.', REMEDY);
}

/**
 * Refuses a value in which a text or a key contains an unpaired surrogate: it has no canonical form (RFC 8785 §3.2.2.2), so nothing that
 * contains it can be hashed or signed. Throws `REQUEST_INVALID`.
 */
export function refuseLoneSurrogate(value: unknown): void {
  const pointer = pointerTo(value, (text) => !text.isWellFormed());
  if (pointer !== null)
    throw requestInvalid(
      pointer,
      'The text contains an unpaired surrogate.',
      'Write the complete character, or both surrogates of the pair.',
    );
}

/**
 * The JSON pointer (RFC 6901) of the first text or key that `isRefused`. U+0000 is written as `%00` there, and an unpaired surrogate as
 * U+FFFD. Values are not nested more deeply than bodies may be.
 */
function pointerTo(value: unknown, isRefused: (text: string) => boolean): string | null {
  if (typeof value === 'string') return isRefused(value) ? '' : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    const token = key.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1').replaceAll(NUL, '%00');
    if (isRefused(key)) return `/${token}`;
    const below = pointerTo(member, isRefused);
    if (below !== null) return `/${token}${below}`;
  }
  return null;
}
