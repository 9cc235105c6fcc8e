import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerSession } from '@taskrunner/core/ports';
import { atMost } from '../loops/drain';

interface Renewal {
  readonly held: boolean;
  /** Database time, milliseconds. */
  readonly at: number;
  /** Monotonic nanoseconds when it was sent. */
  readonly sent: bigint;
}

/** Why a lease has ended: another worker has swept it, or the renewing thread has failed. */
export type LeaseLoss = { readonly reason: 'swept' } | { readonly reason: 'thread-failed'; readonly error: unknown };

/** Callbacks of a lease. */
interface LeaseListener {
  readonly onRenewed: (renewal: Renewal) => void;
  readonly onLost: (loss: LeaseLoss) => void;
}

/** The compiled file, even if this file itself runs from source, as in tests. */
const LEASE_THREAD = join(__dirname, '../../dist/lease/lease-thread.js');
const SILENCE_MS = 20_000;
const TICK_MS = 1_000;
/** How long the thread may take to close its connection. */
const STOP_MS = 3_000;
/** A session begins with a full lease, so its thread can start after the first claims: it takes processor time from them. Milliseconds. */
const THREAD_AFTER_MS = 300;

/** The lease of one worker session, renewed by a thread. */
export class Lease {
  private thread: Worker | null = null;
  private readonly starting: NodeJS.Timeout;
  private ticker: NodeJS.Timeout | undefined;

  /** `program`: the script of the thread. */
  constructor(url: string, workerSession: WorkerSession, listener: LeaseListener, program = LEASE_THREAD) {
    this.starting = setTimeout(() => {
      try {
        this.startThread(url, workerSession, listener, program);
      } catch (error) {
        listener.onLost({ reason: 'thread-failed', error });
      }
    }, THREAD_AFTER_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.starting);
    clearInterval(this.ticker);
    const { thread } = this;
    if (thread === null) return;
    thread.postMessage('stop');
    await atMost(STOP_MS, new Promise((resolve) => thread.once('exit', resolve)));
    await thread.terminate();
  }

  private startThread(
    url: string,
    workerSession: WorkerSession,
    { onRenewed, onLost }: LeaseListener,
    program: string,
  ): void {
    const renewEveryMs = Math.max(500, Math.floor(workerSession.leaseMs / 4));
    const workerData = { url, workerSession, renewEveryMs, silenceMs: SILENCE_MS };
    // The thread does little, so the default size of the young generation would only waste memory.
    const resourceLimits = { maxYoungGenerationSizeMb: 4 };
    const thread = new Worker(program, { workerData, resourceLimits });
    this.thread = thread;
    thread.on('message', (renewal: Renewal) => (renewal.held ? onRenewed(renewal) : onLost({ reason: 'swept' })));
    thread.on('error', (error: unknown) => onLost({ reason: 'thread-failed', error }));
    this.ticker = setInterval(() => thread.postMessage('tick'), TICK_MS);
  }
}
