import { isCodedError } from '../../foundation/coded-error';
import { isStoreOutage, type ObjectStore } from '../../ports/objects/object-store';
import { pause } from '../work/pause';

/** Why an object store keeps nothing just now. */
export interface StoreOutage {
  /** `OBJECT_STORE_UNAVAILABLE`, `OBJECT_STORE_REFUSED`, or of whatever else a probe has thrown. */
  readonly code: string;
  readonly reason: string;
  /** With its causes, for the log. */
  readonly error: unknown;
}

/** How an object store is watched. */
interface StoreHealthSettings {
  readonly store: Pick<ObjectStore, 'probe'>;
  /** Bytes of a probe. */
  readonly probeBytes: number;
  /** How long a probe counts, and the pause between two while the store is away; milliseconds. */
  readonly intervalMs: number;
  readonly monotonicMs: () => number;
  /** Once when an outage begins, and once with null when it is over. */
  readonly onChange: (outage: StoreOutage | null) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** So often work is refused while probes succeed; then it is the work that is refused, not everybody. */
const REFUSALS = 3;

/** What one process knows of its object store, and how all that needs the store waits for it (ADR 58). */
export class ObjectStoreHealth {
  private known: StoreOutage | null = null;
  private last: { readonly at: number; readonly outage: StoreOutage | null } | null = null;
  private probing: Promise<StoreOutage | null> | null = null;
  private noted = 0;
  /** Work that has failed and is tried again. */
  private blocked = 0;
  private readonly closing = new AbortController();

  constructor(private readonly settings: StoreHealthSettings) {}

  /** Null: nothing is known to be wrong. An outage is over when a probe succeeds and all that waited has got through. */
  get outage(): StoreOutage | null {
    return this.known;
  }

  /** True from a failure on until a probe succeeds. Work that did not fit may still wait after that. */
  get isAway(): boolean {
    return this.known !== null && this.last?.outage !== null;
  }

  /** Looks no more. */
  close(): void {
    this.closing.abort();
  }

  /** Takes note of a failure. False: it says nothing of the store. */
  note(error: unknown): boolean {
    if (!isStoreOutage(error)) return false;
    this.noted++;
    this.last = null;
    this.begin(outageOf(error));
    return true;
  }

  /** Whether the store keeps what is written: as the last probe said, or a new one if that was too long ago. */
  async check(): Promise<StoreOutage | null> {
    const { intervalMs, monotonicMs } = this.settings;
    if (this.last !== null && monotonicMs() - this.last.at < intervalMs) return this.last.outage;
    return (this.probing ??= this.probe().finally(() => (this.probing = null)));
  }

  /** Resolves once the store keeps what is written, or when aborted. */
  async available(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await unlessAborted(this.check(), signal)) !== null)
      await pause(this.settings.intervalMs, signal);
  }

  /** Does work until the store lets it. Throws what the work threw where that is no outage, or when aborted. */
  async withRetry<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const retry = this.retry(signal);
    try {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          await retry.after(error);
        }
      }
    } finally {
      retry.end();
    }
  }

  /** An object's bytes. Where an outage cuts the reading off it goes on after it: the bytes under a digest are always the same. */
  async read(open: () => Promise<AsyncIterable<Uint8Array>>, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.resumed(await this.withRetry(open, signal), open, signal);
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

  private retry(signal: AbortSignal): { after(error: unknown): Promise<void>; end(): void } {
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
        await this.available(signal);
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
    // What failed meanwhile is news; a probe that began before is none.
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

/** The work, or null when aborted. */
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
