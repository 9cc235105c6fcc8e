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

/** The lease of one worker session, renewed by a thread. */
export class Lease {
  private readonly thread: Worker;
  private readonly ticker: NodeJS.Timeout;

  /** `program`: the script of the thread. */
  constructor(url: string, workerSession: WorkerSession, { onRenewed, onLost }: LeaseListener, program = LEASE_THREAD) {
    const renewEveryMs = Math.max(500, Math.floor(workerSession.leaseMs / 4));
    const workerData = { url, workerSession, renewEveryMs, silenceMs: SILENCE_MS };
    // The thread does little, so the default size of the young generation would only waste memory.
    const resourceLimits = { maxYoungGenerationSizeMb: 4 };
    this.thread = new Worker(program, { workerData, resourceLimits });
    this.thread.on('message', (renewal: Renewal) => (renewal.held ? onRenewed(renewal) : onLost({ reason: 'swept' })));
    this.thread.on('error', (error: unknown) => onLost({ reason: 'thread-failed', error }));
    this.ticker = setInterval(() => this.thread.postMessage('tick'), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.ticker);
    this.thread.postMessage('stop');
    await atMost(STOP_MS, new Promise((resolve) => this.thread.once('exit', resolve)));
    await this.thread.terminate();
  }
}
