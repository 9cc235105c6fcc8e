import { digestOf } from '../../canonical/digest';
import type { TenantId } from '../../foundation/ids';
import type { NewRun } from '../../ports/runs/run-store';

/** A request with an idempotency key. */
export type KeyedRequest = NonNullable<NewRun['idempotency']>;

/** Length of a SHA-256 in hexadecimal. */
const DIGITS = 64;

/**
 * The nonce of an admission, hexadecimal: `random`, and for a request with an idempotency key a commitment to the request. The signed
 * admission thereby names its request, which the row of the key alone does not prove (ADR 87). `random`: at least 128 bits, hexadecimal.
 */
export function requestNonce(random: string, tenant: TenantId, request: KeyedRequest | null): string {
  return request === null ? random : random + commitment(random, tenant, request);
}

/** True if the nonce of an admission names this request. */
export function namesRequest(nonce: string, tenant: TenantId, request: KeyedRequest): boolean {
  const random = nonce.slice(0, -DIGITS);
  return random !== '' && nonce.slice(-DIGITS) === commitment(random, tenant, request);
}

function commitment(random: string, tenant: TenantId, { person, route, key, bodyDigest }: KeyedRequest): string {
  const { iss, sub } = person;
  const digest = digestOf({ schema: 'taskrunner.request.v1', random, tenant, iss, sub, route, key, bodyDigest });
  return digest.slice(-DIGITS);
}
