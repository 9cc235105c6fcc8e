import { JsonMeter, type JsonBounds, type JsonExcess } from '@taskrunner/core';
import type { Request } from 'express';
import { ApiError } from '../problems/problem';
import { deadlineOf } from './body-deadline';
import type { HeldBytes } from './body-memory';

/** What a body may be. */
export interface BodyBounds {
  /** Bytes. */
  readonly most: number;
  /** Bytes up to which a body holds no memory that counts. */
  readonly free: number;
  readonly json: JsonBounds;
}

/** A body as it came, not parsed yet. */
export interface ReceivedBody {
  readonly bytes: Uint8Array;
  /** Keys and elements. */
  readonly values: number;
}

/**
 * The bytes of a JSON body. They are counted while they come in: a body that is too large, too deep or holds too much is refused before the rest
 * of it has come, and one for which there is no room before any of it has. Rejects with `BODY_…` and `BODIES_BUSY`.
 */
export async function receiveBody(request: Request, bounds: BodyBounds, held: HeldBytes): Promise<ReceivedBody> {
  if (!request.is(['json', '+json'])) throw new ApiError('BODY_MEDIA_TYPE', 'the body must be application/json');
  if ((request.get('content-encoding') ?? 'identity') !== 'identity')
    throw new ApiError('BODY_MEDIA_TYPE', 'the body must not be compressed');
  const said = Number(request.get('content-length') ?? 0);
  if (said > bounds.most) throw tooLarge(bounds.most);
  if (said > bounds.free) held.holdAtLeast(said);
  const meter = new JsonMeter(bounds.json);
  const bytes = await collect(request, said, (part, size) => {
    if (size > bounds.most) throw tooLarge(bounds.most);
    if (size > bounds.free) held.holdAtLeast(size);
    const excess = meter.add(part);
    if (excess !== null) throw tooMuch(excess);
  });
  return { bytes, values: meter.values };
}

/** All bytes; `check` looks at each part with the size until then, and ends it by throwing. `said`: the size, if it is known. */
async function collect(
  request: Request,
  said: number,
  check: (part: Buffer, size: number) => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // A buffer of its own, which a thread can be given without a copy.
    const whole = said > 0 ? Buffer.allocUnsafeSlow(said) : null;
    const parts: Buffer[] = [];
    let size = 0;
    const stop = (error: unknown): void => {
      request.removeListener('data', take);
      reject(error);
    };
    const take = (part: Buffer): void => {
      size += part.length;
      try {
        check(part, size);
      } catch (error) {
        request.pause();
        return stop(error);
      }
      if (whole) part.copy(whole, size - part.length);
      else parts.push(part);
    };
    const cutOff = (): void => {
      if (!request.readableEnded) stop(new ApiError('BODY_UNREADABLE', 'the body was cut off'));
    };
    request.on('data', take);
    request.once('end', () => resolve(whole ? whole.subarray(0, size) : Buffer.concat(parts, size)));
    request.once('error', cutOff);
    request.once('close', cutOff);
    if (request.destroyed) cutOff();
    const late = (): void =>
      stop(new ApiError('BODY_TIMEOUT', 'the body did not come in time', [], { Connection: 'close' }));
    const deadline = deadlineOf(request);
    if (deadline?.aborted) late();
    deadline?.addEventListener('abort', late);
  });
}

function tooLarge(most: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `a body may have ${most} bytes here`, [], { Connection: 'close' });
}

const CALLED = { levels: 'levels', keys: 'keys', elements: 'elements of lists', values: 'keys and elements' };

function tooMuch({ of, most, at }: JsonExcess): ApiError {
  if (of === 'levels')
    return new ApiError('BODY_UNREADABLE', `the body has more than ${most} levels at position ${at}`);
  return new ApiError('BODY_TOO_LARGE', `a body may have ${most} ${CALLED[of]} here; there are more at position ${at}`);
}
