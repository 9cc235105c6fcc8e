import type { Digest } from '@taskrunner/core/foundation';
import type { Idempotency } from '@taskrunner/core/operations';
import type { Request } from 'express';
import type { ReadBody } from './read-body';
import { requestInvalid } from './validated';

/**
 * What identifies a request if it is repeated; null without an `Idempotency-Key`. `scoped`: the digest of a body together with what the path
 * says.
 */
export function idempotencyOf(
  request: Request,
  route: string,
  { digests }: Pick<ReadBody<unknown>, 'digests'>,
  scoped: (digest: Digest) => Digest = (digest) => digest,
): Idempotency | null {
  const key = idempotencyKeyOf(request);
  if (key === null) return null;
  if (digests === null)
    throw new TypeError('the body of a request with an idempotency key was read without its digests');
  return { key, route, bodyDigest: scoped(digests.value), earlierDigests: [scoped(digests.bytes)] };
}

/** The `Idempotency-Key` of a request; null without one. */
function idempotencyKeyOf(request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw requestInvalid('/Idempotency-Key', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
}
