import { openLeaseDatabase } from '@taskrunner/infrastructure/lease';
import type { WorkerSession } from '@taskrunner/core/ports';
import { parentPort, workerData } from 'node:worker_threads';

// Renews the lease of one worker session on a connection of its own, so that neither a busy loop nor a full pool lets it lapse.
// It stops when the main loop has not ticked for a while: a worker that hangs must not keep its runs.

interface Start {
  readonly url: string;
  readonly workerSession: WorkerSession;
  readonly renewEveryMs: number;
  readonly silenceMs: number;
}

const { url, workerSession, renewEveryMs, silenceMs } = workerData as Start;
const database = openLeaseDatabase(url);
let tickedAt = performance.now();
let stopped = false;
/** The time until the next renewal; null during one. */
let pause: NodeJS.Timeout | null = null;

parentPort?.on('message', (message: 'tick' | 'stop') => {
  if (message === 'tick') tickedAt = performance.now();
  else {
    stopped = true;
    // A renewal in progress ends first.
    if (pause !== null) void renew();
  }
});

async function renew(): Promise<void> {
  if (pause !== null) clearTimeout(pause);
  pause = null;
  if (stopped) {
    await database.close();
    parentPort?.close();
    return;
  }
  if (performance.now() - tickedAt < silenceMs) {
    const sent = process.hrtime.bigint();
    try {
      const { held, at } = await database.renew(workerSession);
      parentPort?.postMessage({ held, at, sent });
    } catch {
      // An outage of the database changes nothing: the lease is measured by the database's clock, the children's deadline by ours.
    }
  }
  if (stopped) return renew();
  pause = setTimeout(() => void renew(), renewEveryMs);
}

void renew();
