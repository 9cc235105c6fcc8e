import { finished } from 'node:stream';
import type { Request } from 'express';
import type { BodyLimits } from './body-limits';
import { byTurns, PacedTurns } from './reading-turns';

/**
 * Reads and discards what still arrives of refused bodies. A connection that is closed while data is unread is reset, and the client can
 * lose a response that it has not read yet (RFC 9112 §9.6). Clients that write a whole body before they read would always lose it.
 */
export class RefusedBodies {
  private readonly pace: PacedTurns;

  constructor(private readonly limits: Pick<BodyLimits, 'discard' | 'discardTime' | 'discardRate'>) {
    this.pace = new PacedTurns(limits.discardRate);
  }

  /** Discards what still arrives of a body without a limit but the pace and the time for a body. The connection is kept. */
  drain(request: Request): void {
    const drop = (part: Buffer): void => byTurns(request, this.pace, drop, part.length);
    request.on('data', drop);
    request.resume();
  }

  /** Resolves when the body has ended, the client has closed the connection, or a limit is reached. */
  async discard(request: Request): Promise<void> {
    const { discard, discardTime } = this.limits;
    await new Promise<void>((resolve) => {
      let size = 0;
      const drop = (part: Buffer): void => {
        size += part.length;
        if (size > discard) stop();
        else byTurns(request, this.pace, drop, part.length);
      };
      const stop = (): void => {
        clearTimeout(timer);
        cleanup();
        request.removeListener('data', drop);
        request.pause();
        resolve();
      };
      const timer = setTimeout(stop, discardTime);
      const cleanup = finished(request, { writable: false }, stop);
      request.on('data', drop);
      request.resume();
    });
  }
}
