import {
  RunDriver,
  type Claims,
  type ClaimedRun,
  type Driven,
  type DriverHands,
  type Incarnation,
} from '@taskrunner/core';
import type { WorkerLog } from './worker-log';

export interface ClaimLoopOptions {
  readonly concurrency: number;
  readonly claimIntervalMs: number;
  readonly mailIntervalMs: number;
}

/**
 * Claims due runs and drives them, as many at once as configured. One question for all driven runs finds letters. A run in
 * quarantine is driven alone.
 */
export class ClaimLoop {
  private readonly drivers = new Map<string, { readonly driver: RunDriver | null; readonly done: Promise<void> }>();
  private stopping = false;
  private hint: () => void = () => undefined;
  private loops: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly claims: Claims,
    private readonly hands: DriverHands,
    private readonly log: WorkerLog,
    private readonly options: ClaimLoopOptions,
    private readonly onEnded: () => void,
  ) {}

  /** How many runs it drives now. */
  get driving(): number {
    return this.drivers.size;
  }

  start(incarnation: Incarnation): void {
    this.stopping = false;
    this.loops = Promise.all([this.claimForever(incarnation), this.mailForever(incarnation)]);
  }

  /** Stops claiming; gives drivers the grace to end or park, then hands over what is left. */
  async drain(graceMs: number): Promise<void> {
    this.stopping = true;
    this.hint();
    const all = Promise.all([...this.drivers.values()].map(({ done }) => done));
    await Promise.race([all, pause(graceMs)]);
    for (const { driver } of this.drivers.values()) driver?.handOver();
    await Promise.race([Promise.all([...this.drivers.values()].map(({ done }) => done)), pause(5_000)]);
    await this.loops;
  }

  /** The lease is lost: nothing may be written any more, every driver stops. */
  abandon(): void {
    for (const { driver } of this.drivers.values()) driver?.handOver();
  }

  private async claimForever(incarnation: Incarnation): Promise<void> {
    while (!this.stopping) {
      let claimed = 0;
      try {
        await this.claims.sweep(incarnation);
        const free = this.options.concurrency - this.drivers.size;
        const runs = free > 0 && !this.inQuarantine() ? await this.claims.claim(incarnation, free) : [];
        claimed = runs.length;
        for (const run of runs) this.drive(run);
      } catch (error) {
        this.log.say('warn', 'claim.failed', { reason: reasonOf(error) });
      }
      if (claimed === 0) await this.idle();
    }
  }

  private inQuarantine(): boolean {
    return [...this.drivers.keys()].some((key) => key.endsWith('!'));
  }

  private async idle(): Promise<void> {
    const jitter = this.options.claimIntervalMs * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, jitter);
      this.hint = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async mailForever(incarnation: Incarnation): Promise<void> {
    while (!this.stopping || this.drivers.size > 0) {
      await pause(this.options.mailIntervalMs);
      if (this.drivers.size === 0) continue;
      try {
        for (const { runId } of await this.claims.mail(incarnation)) {
          for (const [key, { driver }] of this.drivers) if (key.startsWith(runId)) driver?.mail();
        }
      } catch (error) {
        this.log.say('warn', 'mail.failed', { reason: reasonOf(error) });
      }
    }
  }

  private drive(run: ClaimedRun): void {
    const key = `${run.runId}#${run.fence}${run.quarantine ? '!' : ''}`;
    const entry: { driver: RunDriver | null; done: Promise<void> } = { driver: null, done: Promise.resolve() };
    entry.done = this.driveOne(run, entry).finally(() => {
      this.drivers.delete(key);
      this.hint();
    });
    this.drivers.set(key, entry);
  }

  private async driveOne(run: ClaimedRun, entry: { driver: RunDriver | null }): Promise<void> {
    const { runId, tenant } = run;
    try {
      const driver = await RunDriver.open(this.hands, run);
      if (driver === 'halted') return;
      entry.driver = driver;
      const driven: Driven = await driver.drive();
      this.log.say('info', 'run.driven', { runId, tenant, driven });
      if (driven === 'ended') this.onEnded();
    } catch (error) {
      this.log.say('error', 'driver.failed', { runId, tenant, reason: reasonOf(error) });
      await pause(1_000);
      await this.claims.release(run, null).catch(() => undefined);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
