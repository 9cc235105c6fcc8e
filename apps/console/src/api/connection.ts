/** Whether the server can be reached. */
export type Reach =
  | { readonly kind: 'there' }
  | {
      readonly kind: 'lost';
      /** The server answered the last try, but a part of the page could not be read. */
      readonly isPart: boolean;
      /** Time of the next try, milliseconds since the epoch; null: one is under way. */
      readonly nextAt: number | null;
    };

const THERE: Reach = { kind: 'there' };
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A connection that was there for so long is not one that comes and goes. */
const QUIET_MS = 30_000;

/**
 * Whether the server can be reached, and when the page tries again. A page has many requests and one schedule: while the connection is lost,
 * only its tries (`begin`, `end`) say that it is back. Otherwise one request that is cut and another that is answered would have the page read
 * again without a pause.
 */
export class Connection {
  private reach: Reach = THERE;
  private failures = 0;
  private backAt = Number.NEGATIVE_INFINITY;
  private readonly listeners = new Set<() => void>();

  /** `random`: between 0 and 1. Pages that have lost the same server must not all come back at the same time. */
  constructor(private readonly random: () => number = Math.random) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): Reach => this.reach;

  /** Learns from the browser that it has lost its network, before a request finds out. */
  watch(browser: Pick<Window, 'addEventListener'>): void {
    browser.addEventListener('offline', () => this.note(false));
  }

  /** A request was answered, or the server could not be reached. */
  note(isThere: boolean): void {
    if (isThere || this.reach.kind === 'lost') return;
    if (Date.now() - this.backAt > QUIET_MS) this.failures = 0;
    this.lose(false);
  }

  /** A try begins. */
  begin(): void {
    if (this.reach.kind === 'lost') this.set({ ...this.reach, nextAt: null });
  }

  /** A try has ended: the server did not answer, or a part of the page could not be read, or the page is read. */
  end(outcome: 'lost' | 'part' | 'whole'): void {
    if (outcome !== 'whole') return this.lose(outcome === 'part');
    this.backAt = Date.now();
    this.set(THERE);
  }

  /** The interval at which a list is read again. One that could not be read is left to the tries of the page while the connection is lost. */
  readonly every =
    (ms: number) =>
    ({ state: { error } }: { readonly state: { readonly error: unknown } }): number | false =>
      error !== null && this.reach.kind === 'lost' ? false : ms;

  /** Waits until the server can be reached, or answers a try. */
  answered(signal: AbortSignal): Promise<void> {
    const isAnswered = (): boolean => this.reach.kind === 'there';
    if (isAnswered() || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.reach;
      const end = (): void => {
        unsubscribe();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const unsubscribe = this.subscribe(() => {
        const { reach } = this;
        const wasTried = reach.kind === 'lost' && reach.isPart && reach.nextAt !== null && reach !== before;
        if (isAnswered() || wasTried) end();
      });
      signal.addEventListener('abort', end);
    });
  }

  private lose(isPart: boolean): void {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures);
    this.failures += 1;
    this.set({ kind: 'lost', isPart, nextAt: Date.now() + Math.round(pause * (0.5 + this.random() / 2)) });
  }

  private set(reach: Reach): void {
    this.reach = reach;
    for (const listener of [...this.listeners]) listener();
  }
}
