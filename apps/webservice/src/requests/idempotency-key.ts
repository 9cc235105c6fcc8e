import type { Request } from 'express';
import { requestInvalid } from './validated';

/** The `Idempotency-Key` of a request; null without one. */
export function idempotencyKeyOf(request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw requestInvalid('/Idempotency-Key', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
}
