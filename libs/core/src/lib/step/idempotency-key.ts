import { sha256 } from '../canonical/digest';
import type { RunId, StepId } from '../foundation/ids';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** `base32(sha256(run, step instance, attempt))` (RFC 4648 alphabet, lower case, unpadded): equal for every execution of one attempt. */
export function idempotencyKey(run: RunId, step: StepId, attempt: number): string {
  let bits = BigInt(`0x${sha256(`${run}\n${step}\n${attempt}`).slice(7)}`) << 4n;
  let text = '';
  for (let place = 0; place < 52; place++) {
    text = (ALPHABET[Number(bits & 31n)] ?? '') + text;
    bits >>= 5n;
  }
  return text;
}
