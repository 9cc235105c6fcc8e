/** A token is renewed this long before it expires, milliseconds; a short-lived token after half of its lifetime. */
const BEFORE_MS = 60_000;

/** Time at which to renew a token that was received at `now` and expires at `expiresAt`, milliseconds since the epoch. */
export function renewalAt(now: number, expiresAt: number): number {
  const life = Math.max(0, expiresAt - now);
  return expiresAt - Math.min(BEFORE_MS, life / 2);
}

/** A path of this console at which the person continues. Any other value becomes its start page. */
export function safePath(path: string, base: string): string {
  const isOurs = path === base || path.startsWith(`${base}/`) || path.startsWith(`${base}?`);
  return isOurs && !path.startsWith('//') ? path : `${base}/`;
}
