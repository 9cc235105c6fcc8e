import type { Request } from 'express';
import { sendContinue } from '../continue';
import { ApiError } from '../problems/problem';

/**
 * The pieces of a body as they arrive. Ends early with `BODY_TIMEOUT` if none arrives for `idleMs`, and with `BODY_UNREADABLE` if the body is
 * incomplete. The time counts only while the reader waits for a piece, so a slow reader is not the fault of the sender. The connection is
 * kept for the response.
 */
export async function* arrivingPieces(request: Request, idleMs: number): AsyncGenerator<Uint8Array> {
  const announced = request.get('content-length');
  const waiting: Uint8Array[] = [];
  let size = 0;
  let wake = (): void => undefined;
  const take = (piece: Buffer): void => {
    waiting.push(piece);
    request.pause();
    wake();
  };
  const look = (): void => wake();
  sendContinue(request);
  request.on('data', take).on('end', look).on('error', look).on('close', look).pause();
  try {
    for (;;) {
      const piece = waiting.shift();
      if (piece !== undefined) {
        size += piece.length;
        yield piece;
      } else if (request.readableEnded) return;
      else if (request.destroyed || request.errored) throw incomplete(size, announced);
      else {
        const isIdle = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(true), idleMs);
          wake = () => {
            clearTimeout(timer);
            resolve(false);
          };
          request.resume();
        });
        if (isIdle) throw idle(size, idleMs);
      }
    }
  } finally {
    // The rest is read by those who discard it.
    request
      .off('data', take)
      .off('end', look)
      .off('error', look)
      .off('close', look)
      .on('error', () => undefined)
      .pause();
  }
}

function idle(size: number, idleMs: number): ApiError {
  return new ApiError(
    'BODY_TIMEOUT',
    `nothing has arrived for ${idleMs} ms, after ${size} bytes`,
    [],
    { Connection: 'close' },
    'Send the whole file again without pauses.',
  );
}

function incomplete(size: number, announced: string | undefined): ApiError {
  const whole = announced === undefined ? '' : `, fewer than the ${announced} of Content-Length`;
  return new ApiError(
    'BODY_UNREADABLE',
    `the body is incomplete: ${size} bytes have come${whole}`,
    [],
    {},
    'Send the whole file again.',
  );
}
