import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '@taskrunner/core/foundation';
import type { Response } from 'express';
import { HttpSettings } from '../configuration';
import { ApiError } from '../problems/problem';

/** Why a stream ends although its reader is connected and may resume elsewhere. */
export const SERVICE_STOPS = 'service-stops';
export const TOKEN_EXPIRED = 'token-expired';

/** Whose stream it is. */
type Holder = Pick<Principal, 'tenant' | 'iss' | 'sub'>;

/** Maximum number of open streams: of one person, of one tenant, of all. */
type StreamLimits = Pick<HttpSettings['streams'], 'person' | 'tenant' | 'all'>;

const RETRY_SECONDS = '5';

/** All long-lived responses. Each ends with its token, its reader, or the service; the reason of its signal says which. */
@Injectable()
export class OpenStreams {
  private readonly controllers = new Set<AbortController>();
  private hasEnded = false;
  /** Open streams by person, by tenant, and of all. */
  private readonly counts = new Map<string, number>();

  constructor(@Inject(HttpSettings) private readonly http: { readonly streams: StreamLimits }) {}

  /**
   * The signal of one stream, like `signalFor`. Throws `STREAMS_TOO_MANY` if its person, its tenant or all have as many as they may have.
   * Call it before the response has begun.
   */
  open(response: Response, holder: Holder, expiresAt: number): AbortSignal {
    const { person, tenant, all } = this.http.streams;
    const places: readonly (readonly [key: string, most: number, whose: string])[] = [
      [JSON.stringify([holder.tenant, holder.iss, holder.sub]), person, 'the person has'],
      [JSON.stringify([holder.tenant]), tenant, 'the tenant has'],
      ['', all, 'the webservice has'],
    ];
    for (const [key, most, whose] of places)
      if (this.countOf(key) >= most)
        throw new ApiError('STREAMS_TOO_MANY', `${whose} ${most} open streams`, [], { 'Retry-After': RETRY_SECONDS });
    for (const [key] of places) this.counts.set(key, this.countOf(key) + 1);
    response.once('close', () => {
      for (const [key] of places) {
        const left = this.countOf(key) - 1;
        if (left > 0) this.counts.set(key, left);
        else this.counts.delete(key);
      }
    });
    return this.signalFor(response, expiresAt);
  }

  private countOf(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  /** The signal of one stream, which is removed when the response has ended. `expiresAt`: milliseconds since the epoch. */
  signalFor(response: Response, expiresAt: number): AbortSignal {
    const controller = new AbortController();
    this.controllers.add(controller);
    if (this.hasEnded) controller.abort(SERVICE_STOPS);
    // setTimeout is limited to 24 days; a longer timeout is renewed then.
    const left = Math.min(Math.max(0, expiresAt - Date.now()), 2_000_000_000);
    const timer = setTimeout(() => controller.abort(TOKEN_EXPIRED), left).unref();
    const end = (): void => {
      clearTimeout(timer);
      this.controllers.delete(controller);
      controller.abort();
    };
    response.once('close', end);
    return controller.signal;
  }

  /** The service stops: each reader is informed where to resume. */
  end(): void {
    this.hasEnded = true;
    for (const controller of this.controllers) controller.abort(SERVICE_STOPS);
  }
}
