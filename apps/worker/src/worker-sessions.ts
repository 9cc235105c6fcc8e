import type { WorkerSession } from '@taskrunner/core/ports';
import type { LeaseLoss } from './lease/lease';
import type { LeaseKeeper } from './lease/lease-keeper';
import type { Registration } from './registration';
import type { SandboxProbes } from './sandbox-probes';

/** The sessions of a worker, one after another: its row in the database, and the lease on everything that runs under it. */
export class WorkerSessions {
  constructor(
    private readonly registration: Registration,
    private readonly lease: LeaseKeeper,
    private readonly probes: SandboxProbes,
  ) {}

  /** Begins a session. `onLost`: called when its lease has ended. */
  async begin(onLost: (loss: LeaseLoss) => void): Promise<WorkerSession> {
    // Stored before runs name them.
    await this.probes.keep();
    const workerSession = await this.registration.begin();
    this.lease.start(workerSession, onLost);
    return workerSession;
  }

  /** Stops renewing the lease. */
  async end(): Promise<void> {
    await this.lease.stop();
  }

  /** Ends the last session: others may claim its runs. */
  async retire(): Promise<void> {
    await this.registration.retire().catch(() => undefined);
  }
}
