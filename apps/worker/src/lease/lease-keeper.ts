import type { WorkerSession } from '@taskrunner/core/ports';
import { Lease, type LeaseLoss } from './lease';
import type { Deadline } from '../quarantine/quarantine';

/** Time between the kill of a worker's child processes and the end of its lease, milliseconds. */
const FENCE_MARGIN_MS = 2_000;

interface LeaseKeeperDependencies {
  readonly url: string;
  readonly supervisor: { renew(deadlineMs: number, sentAtMs: number): void };
  readonly quarantine: { renew(deadline: Deadline): void };
  readonly clock: { observe(databaseMs: number, localMs: number): void };
  /** A clock that all processes of this machine share. */
  readonly monotonicMs: () => number;
}

/** Keeps the lease of a session alive, and with it everything that runs under it, as long as the database answers. */
export class LeaseKeeper {
  private lease: Lease | null = null;

  constructor(private readonly dependencies: LeaseKeeperDependencies) {}

  /** `onLost`: called when the lease and the session have ended. */
  start(workerSession: WorkerSession, onLost: (loss: LeaseLoss) => void): void {
    const { url, clock, monotonicMs } = this.dependencies;
    const ms = workerSession.leaseMs - FENCE_MARGIN_MS;
    this.renew({ ms, sentAtMs: monotonicMs() });
    this.lease = new Lease(url, workerSession, {
      onLost,
      onRenewed: ({ at, sent }) => {
        const sentAtMs = Number(sent / 1_000n) / 1_000;
        clock.observe(at, performance.now() - (monotonicMs() - sentAtMs));
        this.renew({ ms, sentAtMs });
      },
    });
  }

  /** Called when the lease was renewed. */
  renew(deadline: Deadline): void {
    this.dependencies.supervisor.renew(deadline.ms, deadline.sentAtMs);
    this.dependencies.quarantine.renew(deadline);
  }

  async stop(): Promise<void> {
    const { lease } = this;
    this.lease = null;
    await lease?.stop();
  }
}
