import { isCodedError } from '../../foundation/coded-error';
import { isStoreOutage, type ObjectStore } from '../../ports/objects/object-store';
import { pause } from '../work/pause';

/** Why an object store currently rejects writes. */
export interface StoreOutage {
  /** `OBJECT_STORE_UNAVAILABLE`, `OBJECT_STORE_REFUSED`, or the code of any other error that a probe threw. */
  readonly code: string;
  readonly reason: string;
  /** The error with its causes, for the log. */
  readonly error: unknown;
}

/** Parameters of watching an object store. */
interface StoreHealthSettings {
  readonly store: Pick<ObjectStore, 'probe'>;
  /** Bytes that a probe writes. */
  readonly probeBytes: number;
  /** Validity of a probe, and the pause between two probes during an outage; milliseconds. */
  readonly intervalMs: number;
  readonly monotonicMs: () => number;
  /** Called once when an outage begins, and once with null when it ends. */
  readonly onChange: (outage: StoreOutage | null) => void;
}

/** Whoever waits for the store. Its signal is read only if there is something to wait for, because most steps never need one. */
type Waiter = Pick<AbortController, 'signal'>;

/** Work that is retried. */
interface Retry {
  after(error: unknown): Promise<void>;
  end(): void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Number of refusals of work while probes succeed, after which the work and not the store is taken to be the cause. */
const REFUSALS = 3;

/** The state of the object store as one process knows it, and how all users of the store wait for it (ADR 58). */
export class ObjectStoreHealth {
  private known: StoreOutage | null = null;
  private last: { readonly at: number; readonly outage: StoreOutage | null } | null = null;
  private probing: Promise<StoreOutage | null> | null = null;
  private noted = 0;
  /** Failed work that is being retried. */
  private blocked = 0;
  private readonly closing = new AbortController();

  constructor(private readonly settings: StoreHealthSettings) {}

  /** Null: no fault is known. An outage ends when a probe has succeeded and all waiting work is done. */
  get outage(): StoreOutage | null {
    return this.known;
  }

  /** True from a failure until a probe succeeds. Work that did not fit may still be waiting after that. */
  get isAway(): boolean {
    return this.known !== null && this.last?.outage !== null;
  }

  /** Stops probing. */
  close(): void {
    this.closing.abort();
  }

  /** Records a failure. False: the error says nothing about the store. */
  note(error: unknown): boolean {
    if (!isStoreOutage(error)) return false;
    this.noted++;
    this.last = null;
    this.begin(outageOf(error));
    return true;
  }

  /** Whether the store accepts writes, according to the last probe, or a new one if that is too old. */
  async check(): Promise<StoreOutage | null> {
    const fresh = this.freshProbe;
    if (fresh !== null) return fresh.outage;
    return (this.probing ??= this.probe().finally(() => (this.probing = null)));
  }

  /** Resolves when the store accepts writes, or when aborted. */
  async available(waiter: Waiter): Promise<void> {
    if (this.freshProbe?.outage === null) return;
    const { signal } = waiter;
    while (!signal.aborted && (await unlessAborted(this.check(), signal)) !== null)
      await pause(this.settings.intervalMs, signal);
  }

  /** Retries work until the store accepts it. Throws the error of the work if it is not an outage, or when aborted. */
  async withRetry<Result>(work: () => Promise<Result>, waiter: Waiter): Promise<Result> {
    let retry: Retry | null = null;
    try {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          retry ??= this.retry(waiter.signal);
          await retry.after(error);
        }
      }
    } finally {
      if (retry === null) this.endIfOver();
      else retry.end();
    }
  }

  /** The last probe; null if it is too old. */
  private get freshProbe(): { readonly outage: StoreOutage | null } | null {
    const { intervalMs, monotonicMs } = this.settings;
    return this.last !== null && monotonicMs() - this.last.at < intervalMs ? this.last : null;
  }

  /** The bytes of an object. After an outage reading resumes where it was interrupted, because the bytes under a digest never change. */
  async read(open: () => Promise<AsyncIterable<Uint8Array>>, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.resumed(await this.withRetry(open, { signal }), open, signal);
  }

  private async *resumed(
    opened: AsyncIterable<Uint8Array>,
    open: () => Promise<AsyncIterable<Uint8Array>>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const retry = this.retry(signal);
    let supplied = 0;
    try {
      for (let pieces: AsyncIterable<Uint8Array> | null = opened; ; pieces = null) {
        try {
          let at = 0;
          for await (const piece of pieces ?? (await open())) {
            const fresh = piece.subarray(Math.max(0, supplied - at));
            at += piece.length;
            if (fresh.length === 0) continue;
            supplied += fresh.length;
            yield fresh;
          }
          return;
        } catch (error) {
          await retry.after(error);
        }
      }
    } finally {
      retry.end();
    }
  }

  private retry(signal: AbortSignal): Retry {
    let pauseMs = FIRST_PAUSE_MS;
    let refusals = 0;
    let blocks = false;
    return {
      after: async (error) => {
        if (!this.note(error) || signal.aborted) throw error;
        if (!blocks) this.blocked++;
        blocks = true;
        await pause(pauseMs, signal);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        await this.available({ signal });
        const isRefused = isCodedError(error) && error.code === 'OBJECT_STORE_REFUSED';
        if (signal.aborted || (isRefused && ++refusals > REFUSALS)) throw error;
      },
      end: () => {
        if (blocks) this.blocked--;
        this.endIfOver();
      },
    };
  }

  private async probe(): Promise<StoreOutage | null> {
    const { store, probeBytes, monotonicMs } = this.settings;
    const { noted } = this;
    const outage = await store.probe(probeBytes).then(() => null, outageOf);
    // A failure during the probe is newer than the probe, so the probe's success does not count.
    const isNews = outage !== null || this.noted === noted;
    this.last = isNews ? { at: monotonicMs(), outage } : null;
    if (outage === null) this.endIfOver();
    else this.begin(outage);
    return outage;
  }

  private begin(outage: StoreOutage): void {
    if (this.known !== null) return;
    this.known = outage;
    this.settings.onChange(outage);
    void this.lookAgain();
  }

  private async lookAgain(): Promise<void> {
    const { signal } = this.closing;
    while (this.known !== null && !signal.aborted) {
      await pause(this.settings.intervalMs, signal);
      if (!signal.aborted) await this.check();
    }
  }

  private endIfOver(): void {
    if (this.known === null || this.blocked > 0 || this.last === null || this.last.outage !== null) return;
    this.known = null;
    this.settings.onChange(null);
  }
}

function outageOf(error: unknown): StoreOutage {
  const reason = error instanceof Error ? error.message : String(error);
  return { code: isCodedError(error) ? error.code : 'OBJECT_STORE_UNAVAILABLE', reason, error };
}

/** The result of the work, or null when aborted. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<null>((resolve) => {
    abort = () => resolve(null);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
