import type { Request } from 'express';
import { ApiError } from '../problems/problem';
import { fault } from './validated';

/** The `Idempotency-Key` of a request; null without one. */
export function idempotencyKeyOf(request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new ApiError('REQUEST_INVALID', 'the request has one error', [
    fault('/Idempotency-Key', 'Idempotency-Key must be 1 to 255 visible ASCII characters.'),
  ]);
}
