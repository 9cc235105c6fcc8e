import type { WorkerSession } from '@taskrunner/core/ports';
import type { LeaseLoss } from './lease/lease';
import type { LeaseKeeper } from './lease/lease-keeper';
import type { Registration } from './registration';
import type { SandboxProbes } from './sandbox-probes';

/** The sessions of a worker, one after another: its row in the database, and the lease on all that runs under it. */
export class WorkerSessions {
  constructor(
    private readonly registration: Registration,
    private readonly lease: LeaseKeeper,
    private readonly probes: SandboxProbes,
  ) {}

  /** Begins a session. `onLost`: its lease is over. */
  async begin(onLost: (loss: LeaseLoss) => void): Promise<WorkerSession> {
    // Before runs name them.
    await this.probes.keep();
    const workerSession = await this.registration.begin();
    this.lease.start(workerSession, onLost);
    return workerSession;
  }

  /** Renews the lease no more. */
  async end(): Promise<void> {
    await this.lease.stop();
  }

  /** Gives the last session back: others may claim what it has left. */
  async retire(): Promise<void> {
    await this.registration.retire().catch(() => undefined);
  }
}
