import { JsonMeter, type JsonBounds, type JsonExcess } from '@taskrunner/core/document';
import type { Request } from 'express';
import { sendContinue } from '../continue';
import { ApiError } from '../problems/problem';
import { deadlineOf } from './body-deadline';
import type { HeldBytes } from './body-memory';
import { byTurns, type ReadingTurns } from './reading-turns';
import type { RefusedBodies } from './refused-bodies';

/** Limits for a body. */
export interface BodyBounds {
  /** Bytes. */
  readonly most: number;
  /** Bytes up to which a body needs no reservation. */
  readonly free: number;
  readonly json: JsonBounds;
}

/** A received body before parsing. */
interface ReceivedBody {
  /** All bytes in order. Each block has a buffer of its own, which can be transferred to a thread. */
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
  readonly size: number;
  /** Keys and elements. */
  readonly values: number;
}

/** Each charset of a media type, extended ones (RFC 8187) too. */
const CHARSETS = /;\s*charset(\*[^=;\s]*)?\s*=\s*"?([^";\s]*)/gi;
/** US-ASCII is a subset of UTF-8. */
const UTF_8: readonly string[] = ['utf-8', 'us-ascii', 'utf8'];

/** Bytes of a body that arrive before it waits for its next turn. */
const BYTES_A_TURN = 64 * 1024;

/** State shared by all requests while their bodies arrive, and the reservation of one of them. */
interface BodyRoom {
  readonly reading: ReadingTurns;
  readonly refused: Pick<RefusedBodies, 'drain'>;
  readonly held: HeldBytes;
}

/**
 * The bytes of a JSON body. They are counted while they arrive. A body that is too large, too deeply nested or has too many elements is
 * refused before the rest has arrived; a body for which there is no room is refused before any of it has. Rejects with `BODY_…` and
 * `BODIES_BUSY`.
 */
export async function receiveBody(request: Request, bounds: BodyBounds, room: BodyRoom): Promise<ReceivedBody> {
  refuseSeveralTypes(request);
  if (!request.is('application/json')) throw new ApiError('BODY_MEDIA_TYPE', 'the body must be application/json');
  if (!isUtf8(request.get('content-type') ?? ''))
    throw new ApiError(
      'BODY_MEDIA_TYPE',
      'the body must be encoded in UTF-8 (RFC 8259 section 8.1), and its media type may have one charset',
    );
  if ((request.get('content-encoding') ?? 'identity') !== 'identity')
    throw new ApiError('BODY_MEDIA_TYPE', 'the body must not be compressed');
  const said = Number(request.get('content-length') ?? 0);
  if (said > bounds.most) throw tooLarge(bounds.most);
  const meter = new JsonMeter(bounds.json);
  try {
    // Nothing is reserved for the stated length: otherwise a client that sends one byte would keep memory from others.
    if (said > bounds.free) room.held.checkRoom(said);
    sendContinue(request);
    const received = await collect(request, said, room.reading, (part, size) => {
      if (size > bounds.most) throw tooLarge(bounds.most);
      if (size > bounds.free) room.held.holdAtLeast(allocatedFor(size, said, bounds.most));
      const excess = meter.add(part);
      if (excess !== null) throw tooMuch(excess);
    });
    return { blocks: received.blocks, size: received.size, values: meter.values };
  } catch (error) {
    // A client that should retry must receive the response: if the connection is closed while the client writes, the response may be lost.
    if (ApiError.is(error) && error.code === 'BODIES_BUSY') room.refused.drain(request);
    throw error;
  }
}

/** Refuses a body with several media types. Node.js keeps the first; a proxy may have judged another one (RFC 9110 section 8.3). */
function refuseSeveralTypes(request: Pick<Request, 'headersDistinct'>): void {
  if ((request.headersDistinct['content-type']?.length ?? 0) > 1)
    throw new ApiError('BODY_MEDIA_TYPE', 'the request has more than one Content-Type header');
}

/** Whether a media type has no charset, or one that UTF-8 includes. Of several, each reader could take another one. */
function isUtf8(mediaType: string): boolean {
  const [charset, ...others] = mediaType.matchAll(CHARSETS);
  if (charset === undefined) return true;
  const [, extended, name = ''] = charset;
  return others.length === 0 && extended === undefined && UTF_8.includes(name.toLowerCase());
}

const FIRST_BLOCK = 64 * 1024;
const NEXT_BLOCK = 1024 * 1024;

/** Bytes that the blocks of a body occupy when `size` bytes have arrived. `said`: the stated length, or 0 if it is not known. */
function allocatedFor(size: number, said: number, most: number): number {
  if (size <= FIRST_BLOCK) return size;
  const blocks = FIRST_BLOCK + Math.ceil((size - FIRST_BLOCK) / NEXT_BLOCK) * NEXT_BLOCK;
  return Math.max(size, Math.min(blocks, said > 0 ? said : most));
}

/**
 * Bytes in blocks that are allocated as bytes arrive. A buffer of the stated length would be allocated for each body that is refused after its
 * first part, and V8 collects garbage more often the more memory of buffers it knows of.
 */
class Blocks {
  readonly all: Uint8Array<ArrayBuffer>[] = [];
  size = 0;
  private free: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** `said`: the size of all bytes, or 0 if it is not known. */
  constructor(private readonly said: number) {}

  add(part: Uint8Array): void {
    let rest = part;
    while (rest.length > 0) {
      if (this.free.length === 0) this.free = this.block(rest.length);
      const taken = rest.subarray(0, this.free.length);
      this.free.set(taken);
      this.free = this.free.subarray(taken.length);
      rest = rest.subarray(taken.length);
      this.size += taken.length;
    }
  }

  /** The blocks without the unused end of the last one. */
  end(): readonly Uint8Array<ArrayBuffer>[] {
    const last = this.all.pop();
    if (last !== undefined) this.all.push(last.subarray(0, last.length - this.free.length));
    return this.all;
  }

  private block(least: number): Uint8Array<ArrayBuffer> {
    const usual = this.all.length === 0 ? Math.max(FIRST_BLOCK, least) : NEXT_BLOCK;
    const left = this.said - this.size;
    const block = new Uint8Array(Buffer.allocUnsafeSlow(left > 0 ? Math.min(usual, left) : usual).buffer);
    this.all.push(block);
    return block;
  }
}

/** All bytes. `check` sees each part with the size so far, and stops the reading by throwing. `said`: the size, or 0 if it is not known. */
async function collect(
  request: Request,
  said: number,
  turns: ReadingTurns,
  check: (part: Buffer, size: number) => void,
): Promise<Pick<ReceivedBody, 'blocks' | 'size'>> {
  return new Promise((resolve, reject) => {
    const blocks = new Blocks(said);
    let size = 0;
    let atTurn = 0;
    const stop = (error: unknown): void => {
      request.removeListener('data', take);
      request.pause();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const take = (part: Buffer): void => {
      size += part.length;
      try {
        check(part, size);
      } catch (error) {
        return stop(error);
      }
      blocks.add(part);
      if (size - atTurn < BYTES_A_TURN) return;
      atTurn = size;
      byTurns(request, turns, take, part.length);
    };
    const cutOff = (): void => {
      if (!request.readableEnded) stop(new ApiError('BODY_UNREADABLE', 'the body is incomplete'));
    };
    request.on('data', take);
    // Otherwise the first parts of all large bodies that arrive together would be read in one turn of the event loop.
    if (said === 0 || said > BYTES_A_TURN) byTurns(request, turns, take, 0);
    request.once('end', () => resolve({ blocks: blocks.end(), size }));
    request.once('error', cutOff);
    request.once('close', cutOff);
    if (request.destroyed) cutOff();
    const late = (): void =>
      stop(new ApiError('BODY_TIMEOUT', 'the body was not received in time', [], { Connection: 'close' }));
    const deadline = deadlineOf(request);
    if (deadline?.aborted) late();
    deadline?.addEventListener('abort', late);
  });
}

function tooLarge(most: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `the body exceeds the limit of ${most} bytes`, [], { Connection: 'close' });
}

const CALLED = { levels: 'levels', keys: 'keys', elements: 'list elements', values: 'keys and elements' };

function tooMuch({ of, most, at }: JsonExcess): ApiError {
  if (of === 'levels')
    return new ApiError('BODY_UNREADABLE', `the body has more than ${most} levels at position ${at}`);
  return new ApiError('BODY_TOO_LARGE', `the body exceeds the limit of ${most} ${CALLED[of]} at position ${at}`);
}
