import { Injectable } from '@nestjs/common';
import type { Response } from 'express';

/** Why a stream ends although its reader is connected and may resume elsewhere. */
export const SERVICE_STOPS = 'service-stops';
export const TOKEN_EXPIRED = 'token-expired';

/** All long-lived responses. Each ends with its token, its reader, or the service; the reason of its signal says which. */
@Injectable()
export class OpenStreams {
  private readonly open = new Set<AbortController>();
  private hasEnded = false;

  /** The signal of one stream, which is removed when the response has ended. `expiresAt`: milliseconds since the epoch. */
  signalFor(response: Response, expiresAt: number): AbortSignal {
    const controller = new AbortController();
    this.open.add(controller);
    if (this.hasEnded) controller.abort(SERVICE_STOPS);
    // setTimeout is limited to 24 days; a longer timeout is renewed then.
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

  /** The service stops: each reader is informed where to resume. */
  end(): void {
    this.hasEnded = true;
    for (const controller of this.open) controller.abort(SERVICE_STOPS);
  }
}
