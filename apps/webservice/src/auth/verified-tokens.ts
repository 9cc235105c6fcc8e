import type { Caller } from './caller';

const KEEP_MS = 30_000;
const MOST = 10_000;

/**
 * Tokens that were verified a moment ago: a caller with many requests is checked twice a minute, not each time. Never beyond the
 * token's own end; a key that its issuer withdraws is forgotten later than these anyway.
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
