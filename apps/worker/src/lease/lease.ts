import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerSession } from '@taskrunner/core';
import { atMost } from '../loops/drain';

export interface Renewal {
  readonly held: boolean;
  /** Database time, milliseconds. */
  readonly at: number;
  /** Monotonic nanoseconds when it was sent. */
  readonly sent: bigint;
}

/** Of the build, also where this file itself runs from source, as it does in tests. */
const LEASE_THREAD = join(__dirname, '../../dist/lease/lease-thread.js');
const SILENCE_MS = 20_000;
const TICK_MS = 1_000;
/** How long the thread may take to close its connection. */
const STOP_MS = 3_000;

/** The lease of one worker session, renewed by a thread. `onRenewal` hears of each answer; a lease that was swept is `held: false`. */
export class Lease {
  private readonly thread: Worker;
  private readonly ticker: NodeJS.Timeout;

  constructor(url: string, workerSession: WorkerSession, onRenewal: (renewal: Renewal) => void) {
    const renewEveryMs = Math.max(500, Math.floor(workerSession.leaseMs / 4));
    const workerData = { url, workerSession, renewEveryMs, silenceMs: SILENCE_MS };
    // It does little: a young generation of the usual size would only take memory.
    const resourceLimits = { maxYoungGenerationSizeMb: 4 };
    this.thread = new Worker(LEASE_THREAD, { workerData, resourceLimits });
    this.thread.on('message', onRenewal);
    this.thread.on('error', () => onRenewal({ held: false, at: 0, sent: 0n }));
    this.ticker = setInterval(() => this.thread.postMessage('tick'), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.ticker);
    this.thread.postMessage('stop');
    await atMost(STOP_MS, new Promise((resolve) => this.thread.once('exit', resolve)));
    await this.thread.terminate();
  }
}
