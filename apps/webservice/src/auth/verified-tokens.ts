import type { Caller } from './caller';

const KEEP_MS = 30_000;
const MOST = 10_000;

/**
 * Caches recently verified tokens: a caller with many requests is verified twice a minute instead of each time. An entry never outlives the
 * token. Withdrawn keys of an issuer stay known longer than an entry anyway.
 */
export class VerifiedTokens {
  private readonly callers = new Map<string, { readonly caller: Caller; readonly until: number }>();

  /** `now`: milliseconds since the epoch. */
  constructor(private readonly now: () => number = () => Date.now()) {}

  get(token: string): Caller | null {
    const found = this.callers.get(token);
    if (!found) return null;
    if (this.now() < found.until) return found.caller;
    this.callers.delete(token);
    return null;
  }

  keep(token: string, caller: Caller): void {
    if (this.callers.size >= MOST) this.callers.clear();
    this.callers.set(token, { caller, until: Math.min(this.now() + KEEP_MS, caller.expiresAt) });
  }
}
