import { isRefused, type Authority, type Tokens } from './authority';
import type { PendingSignIns } from './pending-sign-in';
import { renewalAt, safePath } from './renewal';

/** State of the sign-in. */
type SessionState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'leaving' }
  | { readonly kind: 'signed-in' }
  /** `isChosen`: the person has signed out, here or in another tab. Otherwise the sign-in has ended by itself. */
  | { readonly kind: 'signed-out'; readonly reason: string | null; readonly isChosen: boolean }
  | { readonly kind: 'failed'; readonly message: string };

/** The parts of a browser that a session uses. */
export interface Surroundings {
  readonly location: Pick<Location, 'href' | 'pathname' | 'search' | 'hash' | 'assign'>;
  readonly history: Pick<History, 'replaceState'>;
  /** Path of the console, without a trailing slash. */
  readonly base: string;
  /** Reaches the other tabs of this browser that have signed in at the same issuer. */
  readonly tabs: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>;
}

/** Time after which a renewal without a response is tried again, milliseconds. */
const AGAIN_MS = 5_000;

/** Told to the other tabs. */
const SIGNED_OUT = 'signed-out';

/** The sign-in of one person in one tab. Tokens are fields of this object and stored nowhere else. */
export class Session {
  private state: SessionState = { kind: 'starting' };
  private readonly listeners = new Set<() => void>();
  private tokens: Tokens | null = null;
  private renewing: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly authority: Pick<Authority, 'begin' | 'finish' | 'renew' | 'end'>,
    private readonly pending: PendingSignIns,
    private readonly place: Surroundings,
  ) {
    place.tabs.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data === SIGNED_OUT) void this.followSignOut();
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): SessionState => this.state;

  /** Processes the issuer's response if the address contains one. Otherwise starts a sign-in, unless the person has signed out. */
  async start(): Promise<void> {
    const answer = new URL(this.place.location.href);
    const isAnswer =
      answer.searchParams.has('state') && ['code', 'error'].some((name) => answer.searchParams.has(name));
    const pending = this.pending.take();
    if (!isAnswer) {
      if (this.pending.isSignedOut) this.move({ kind: 'signed-out', reason: null, isChosen: true });
      else await this.signIn();
      return;
    }
    // The code must not stay in the address, regardless of whether it is accepted.
    const path = safePath(pending?.path ?? '', this.place.base);
    this.place.history.replaceState(null, '', path);
    if (pending === null) {
      this.move({ kind: 'failed', message: 'This tab has not begun the sign-in that the issuer answered.' });
      return;
    }
    await this.guarded(async () => this.take(await this.authority.finish(answer, pending)));
  }

  /** Redirects to the issuer. `fresh`: to sign in as another person. */
  async signIn(fresh = false): Promise<void> {
    const { pathname, search, hash } = this.place.location;
    await this.guarded(async () => {
      const { url, pending } = await this.authority.begin(`${pathname}${search}${hash}`, fresh);
      this.pending.keep(pending);
      this.move({ kind: 'leaving' });
      this.place.location.assign(url);
    });
  }

  /** Ends the sign-in of all tabs of this browser, because they share that of the issuer. */
  async signOut(): Promise<void> {
    const { tokens } = this;
    this.place.tabs.postMessage(SIGNED_OUT);
    this.forget(null, true);
    this.pending.markSignedOut();
    if (tokens === null) return;
    await this.guarded(async () => {
      const url = await this.authority.end(tokens);
      if (url !== null) this.place.location.assign(url);
    });
  }

  /** The person has signed out in another tab. That tab ends the session at the issuer; this one revokes its own refresh token. */
  private async followSignOut(): Promise<void> {
    const { tokens } = this;
    this.pending.markSignedOut();
    if (tokens === null) return;
    this.forget('You signed out in another tab.', true);
    await this.authority.end(tokens).catch(() => undefined);
  }

  /** A valid access token, renewed if necessary. Rejects if no person is signed in. */
  async token(): Promise<string> {
    if (this.tokens !== null && this.tokens.expiresAt <= Date.now()) await this.renew();
    if (this.tokens === null) throw new Error('nobody is signed in');
    return this.tokens.access;
  }

  /** Renews the token once after the API has refused it. Returns true if there is another token now. */
  async refused(token: string): Promise<boolean> {
    if (this.tokens?.access === token) await this.renew();
    return this.tokens !== null && this.tokens.access !== token;
  }

  private take(tokens: Tokens): void {
    this.tokens = tokens;
    clearTimeout(this.timer);
    const inMs = renewalAt(Date.now(), tokens.expiresAt) - Date.now();
    this.timer = setTimeout(() => void this.renew(), Math.max(0, inMs));
    this.move({ kind: 'signed-in' });
  }

  /** Renews the tokens. Concurrent calls share one request, because many issuers accept a refresh token only once. */
  private renew(): Promise<void> {
    this.renewing ??= this.renewNow().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async renewNow(): Promise<void> {
    const { tokens } = this;
    if (tokens === null) return;
    if (tokens.refresh === null) {
      if (tokens.expiresAt <= Date.now()) this.forget('Your sign-in has expired.');
      else this.timer = setTimeout(() => void this.renew(), tokens.expiresAt - Date.now());
      return;
    }
    try {
      const renewed = await this.authority.renew(tokens.refresh, tokens);
      // The person may have signed out meanwhile.
      if (this.tokens === tokens) this.take(renewed);
    } catch (error) {
      if (this.tokens !== tokens) return;
      if (isRefused(error)) this.forget('Your sign-in has ended.');
      else if (tokens.expiresAt <= Date.now()) this.forget('The issuer does not answer, and your sign-in has expired.');
      else this.timer = setTimeout(() => void this.renew(), AGAIN_MS);
    }
  }

  private forget(reason: string | null, isChosen = false): void {
    clearTimeout(this.timer);
    this.tokens = null;
    this.move({ kind: 'signed-out', reason, isChosen });
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.move({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  }

  private move(state: SessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
