import { digestIfJson, sha256 } from '@taskrunner/core/canonical';
import type { Digest, Json } from '@taskrunner/core/foundation';
import { ApiError } from '../problems/problem';
import { BODIES, type BodyName } from './bodies';
import { objectionToJson } from './check-json';
import { refuseLoneSurrogate, refuseNul } from './nul';
import { validated } from './validated';

/** A body after parsing and checking. */
export interface ReadBody<Value> {
  readonly value: Value;
  /** Null: the request has no idempotency key. */
  readonly digests: BodyDigests | null;
}

/** What identifies the body of a request that may be repeated. */
interface BodyDigests {
  /** Digest of its RFC 8785 text: equal for all texts of the same value. */
  readonly value: Digest;
  /** Digest of its bytes, by which releases before 0.1.0 recorded a request. */
  readonly bytes: Digest;
}

/**
 * Parses the bytes of one kind of body. Pure. The work grows with the size of the body, so large ones are parsed in a thread, and the
 * result is data that is cheap to pass back. `mostBeside`: maximum weight of the members besides a pack and its inputs. `isKeyed`: the
 * request has an idempotency key. Throws `ApiError`.
 */
export function readBody(
  name: BodyName,
  bytes: Uint8Array,
  mostBeside: number,
  isKeyed: boolean = false,
): ReadBody<unknown> {
  const { type, read } = BODIES[name];
  const value = parse(bytes);
  return {
    value: read(validated<object>(type, value) as never, mostBeside),
    digests: isKeyed ? digestsOf(value, bytes) : null,
  };
}

/** A number such as 1e999 has no RFC 8785 text. Such a body is the same only if its bytes are. */
function digestsOf(value: unknown, sent: Uint8Array): BodyDigests {
  const bytes = sha256(sent);
  return { value: digestIfJson(value as Json) ?? bytes, bytes };
}

function parse(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    // The message of JSON.parse quotes the text; only the position is passed on.
    const place = cause instanceof SyntaxError ? (/position \d+/.exec(cause.message)?.[0] ?? 'its end') : 'its bytes';
    throw new ApiError('BODY_UNREADABLE', `the body is not JSON in UTF-8, see ${place}`);
  }
  const objection = objectionToJson(text);
  if (objection) throw new ApiError('BODY_UNREADABLE', `the body has ${objection.what} at position ${objection.at}`);
  // JSON has no other spelling of it (RFC 8259 §7).
  if (text.includes('\\u0000')) refuseNul(value);
  // UTF-8 has no surrogates (RFC 3629 §3), so an unpaired one can only be an escape.
  if (/\\u[Dd][89A-Fa-f]/.test(text)) refuseLoneSurrogate(value);
  return value;
}
