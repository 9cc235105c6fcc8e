import { RunDriver, type Driven, type DriverDependencies, type Refusal } from '@taskrunner/core/operations';
import type { ClaimedRun } from '@taskrunner/core/ports';
import type { Children } from './children';
import type { Process, VirtualTime } from './virtual-time';

/** Latency of a message between the two processes, and start time of a process, milliseconds. */
const MESSAGE_MS = 1;
const START_MS = 300;

type IsolatedOutcome = Driven | 'died' | 'failed';

/**
 * The process of one run in quarantine, with the interface for its worker (`IsolatedDrive`). It may die of what it executes. If its worker
 * ends or no longer needs it, it ends without blame.
 */
export class QuarantineProcess implements Process {
  alive = true;
  frozenUntil = 0;
  readonly skew: Process['skew'];
  readonly children: Children;
  isHandedOver = false;
  private readonly dependencies: DriverDependencies;
  private driver: RunDriver | null = null;
  private isDriving = false;
  private answer: (driven: IsolatedOutcome) => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly worker: Process,
    private readonly time: VirtualTime,
    readonly run: ClaimedRun,
    private readonly refusal: Refusal | null,
    equip: (
      process: Process,
      died: () => void,
    ) => { readonly children: Children; readonly dependencies: DriverDependencies },
  ) {
    this.skew = worker.skew;
    const { children, dependencies } = equip(this, () => this.die());
    this.children = children;
    this.dependencies = dependencies;
  }

  drive(): Promise<IsolatedOutcome> {
    this.time.after(START_MS, () => void this.driveIsolated(), this);
    return new Promise((resolve) => {
      this.answer = (driven) => void this.time.after(MESSAGE_MS, () => resolve(driven), this.worker);
    });
  }

  inboxChanged(): void {
    this.time.after(MESSAGE_MS, () => this.driver?.inboxChanged(), this);
  }

  handOver(): void {
    this.isHandedOver = true;
    this.time.after(MESSAGE_MS, () => this.driver?.handOver(), this);
  }

  leave(): void {
    if (this.driver === null) this.handOver();
    else this.time.after(MESSAGE_MS, () => this.driver?.leave(), this);
  }

  giveUpIdempotent(): readonly string[] {
    this.time.after(MESSAGE_MS, () => this.driver?.giveUpIdempotent(), this);
    return [];
  }

  readonly underWay: readonly string[] = [];

  /** It has ended, and its children with it. */
  end(): void {
    this.alive = false;
    this.children.close();
  }

  private die(): void {
    if (!this.alive) return;
    this.end();
    this.answer(this.isDriving ? 'died' : 'failed');
  }

  /** Like `IsolatedDriver.drive`. */
  private async driveIsolated(): Promise<void> {
    try {
      if (!(await this.dependencies.claims.beginIsolated(this.run))) return this.answer('handed-over');
      this.isDriving = true;
      const driver = await RunDriver.open(this.dependencies, this.run, this.refusal);
      if (typeof driver === 'string') return this.answer(driver);
      this.driver = driver;
      if (this.isHandedOver) driver.handOver();
      this.answer(await driver.drive());
    } catch {
      this.answer('handed-over');
    }
  }
}
