import { Injectable } from '@nestjs/common';
import type { Response } from 'express';

/** Why a stream ends although its reader is there, and may go on elsewhere. */
export const SERVICE_STOPS = 'service-stops';
export const TOKEN_EXPIRED = 'token-expired';

/** Every answer that lasts: each ends with its token, with its reader, or with the service. The reason of its signal says which. */
@Injectable()
export class OpenStreams {
  private readonly open = new Set<AbortController>();
  private hasEnded = false;

  /** The signal of one stream; it is forgotten when the answer is over. `expiresAt`: milliseconds since the epoch. */
  signalFor(response: Response, expiresAt: number): AbortSignal {
    const controller = new AbortController();
    this.open.add(controller);
    if (this.hasEnded) controller.abort(SERVICE_STOPS);
    // setTimeout takes 24 days at most; a token that lives longer is asked for again then.
    const left = Math.min(Math.max(0, expiresAt - Date.now()), 2_000_000_000);
    const timer = setTimeout(() => controller.abort(TOKEN_EXPIRED), left).unref();
    const end = (): void => {
      clearTimeout(timer);
      this.open.delete(controller);
      controller.abort();
    };
    response.once('close', end);
    return controller.signal;
  }

  /** The service stops: each reader is told where to go on. */
  end(): void {
    this.hasEnded = true;
    for (const controller of this.open) controller.abort(SERVICE_STOPS);
  }
}
