import { RunDriver, type Driven, type DriverDependencies, type Refusal } from '@taskrunner/core/operations';
import type { Claims, ClaimedRun } from '@taskrunner/core/ports';
import type { HonourLoop } from '../loops/honour-loop';
import type { LeaseKeeper } from '../lease/lease-keeper';
import type { Deadline } from './quarantine';
import type { SandboxProbes } from '../sandbox-probes';

interface IsolatedDriverDependencies {
  readonly driving: DriverDependencies;
  readonly claims: Pick<Claims, 'beginIsolated'>;
  readonly honours: Pick<HonourLoop, 'honours'>;
  readonly probes: Pick<SandboxProbes, 'keep'>;
  readonly lease: Pick<LeaseKeeper, 'renew'>;
}

/** Drives one run at a time that another process has claimed, and nothing else. */
export class IsolatedDriver {
  private driver: RunDriver | null = null;
  private isAbandoned = false;
  private isLeaving = false;

  constructor(private readonly dependencies: IsolatedDriverDependencies) {}

  /** `onBegin`: from here on the run may kill this process. */
  async drive(run: ClaimedRun, refusal: Refusal | null, onBegin: () => Promise<void>): Promise<Driven> {
    const { driving, claims, honours, probes } = this.dependencies;
    this.isAbandoned = false;
    this.isLeaving = false;
    // The parent's probe may have shown something that does not hold here.
    if (refusal === null && !honours.honours(run.environment)) return 'handed-over';
    await probes.keep();
    if (!(await claims.beginIsolated(run))) return 'handed-over';
    await onBegin();
    const driver = await RunDriver.open(driving, run, refusal);
    if (typeof driver === 'string') return driver;
    this.driver = driver;
    if (this.isAbandoned) driver.handOver();
    else if (this.isLeaving) driver.leave();
    try {
      return await driver.drive();
    } finally {
      this.driver = null;
    }
  }

  /** Called when the lease of its worker was renewed. */
  renew(deadline: Deadline): void {
    this.dependencies.lease.renew(deadline);
  }

  inboxChanged(): void {
    this.driver?.inboxChanged();
  }

  abandon(): void {
    this.isAbandoned = true;
    this.driver?.handOver();
  }

  /** Its worker leaves: no further step of the run begins here. */
  leave(): void {
    this.isLeaving = true;
    this.driver?.leave();
  }

  /** Stops steps of it that may begin again elsewhere. */
  giveUpIdempotent(): void {
    this.driver?.giveUpIdempotent();
  }
}
