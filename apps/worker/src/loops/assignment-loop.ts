import type { RunId, TenantId } from '@taskrunner/core/foundation';
import {
  AssignmentDriver,
  AskingPause,
  openRun,
  unmetOf,
  type DriverDependencies,
  type FanOut,
  type OpenedRun,
} from '@taskrunner/core/operations';
import type { ClaimedAssignment, WorkerSession } from '@taskrunner/core/ports';
import { Duties } from './duties';
import { atMost, letEnd, type Grace } from './drain';
import { FailureLog, reasonOf } from '../reporting/failure-log';
import type { WorkerLog } from '../reporting/worker-log';

interface Performing {
  readonly claimed: ClaimedAssignment;
  driver: AssignmentDriver | null;
  environment: string | null;
  done: Promise<void>;
}

interface Opened {
  readonly run: Promise<OpenedRun | null>;
  usedAt: number;
}

interface AssignmentLoopOptions {
  readonly claimIntervalMs: number;
  readonly assignmentStatusIntervalMs: number;
  /** The same, while no matching assignment is known. */
  readonly idleStatusIntervalMs: number;
  /** This worker session gets no more assignments of a run. */
  readonly decline: (workerSession: WorkerSession, tenant: TenantId, run: RunId) => Promise<void>;
}

/** How long the admission documents of a run are cached after its last assignment, milliseconds. */
const KEPT_MS = 60_000;
const OTHERS_INTERVAL_MS = 1_000;
/** For this time after an assignment (milliseconds) the interval between queries is reduced to this share. */
const BUSY_MS = 2_000;
const BUSY_SHARE = 0.1;
const GIVE_BACK_MS = 25_000;

/**
 * Executes assignments that other workers or this worker have dispatched, as far as it has slots. It claims one assignment at a time, and
 * the next one only when all of it has begun, so that it does not hoard work. One query for all held assignments finds revocations.
 */
export class AssignmentLoop {
  private readonly performing = new Map<string, Performing>();
  private readonly opened = new Map<string, Opened>();
  private stopping = false;
  private leaving = false;
  private lostLease = false;
  private claiming = false;
  /** False if the database has reported that this worker holds nothing, and nothing has happened since. */
  private mayHold = true;
  private askedAt = -Infinity;
  private otherWorkers = 0;
  private busyUntil = 0;
  private readonly pausing = new AskingPause();
  private loops: Promise<unknown> = Promise.resolve();
  private readonly fanOut: FanOut;

  constructor(
    private readonly dependencies: DriverDependencies & { readonly fanOut: FanOut },
    private readonly log: WorkerLog,
    private readonly options: AssignmentLoopOptions,
    private readonly duties = new Duties(log),
  ) {
    this.fanOut = dependencies.fanOut;
    this.fanOut.slots.onReleased(() => this.performing.size > 0 && this.pausing.wake());
  }

  /** Assignments that it holds. */
  get held(): number {
    return this.performing.size;
  }

  /** Number of other living workers, according to the last query. */
  get others(): number {
    return this.otherWorkers;
  }

  start(workerSession: WorkerSession): void {
    this.stopping = false;
    this.leaving = false;
    this.lostLease = false;
    this.mayHold = true;
    this.loops = Promise.all([
      this.claimForever(workerSession),
      this.standForever(workerSession),
      this.countForever(workerSession),
    ]);
  }

  /** Stops claiming, releases assignments that have not begun, and waits for the rest like `ClaimLoop.drain`. */
  async drain(grace: Grace): Promise<void> {
    this.stopping = true;
    this.leaving = true;
    this.pausing.wake();
    await letEnd(
      () => [...this.performing.values()].map(({ claimed, driver }) => ({ run: claimed, driver })),
      () => this.allDone(),
      grace,
    );
    for (const { driver } of this.performing.values()) driver?.giveBack();
    await atMost(GIVE_BACK_MS, Promise.all([this.allDone(), this.loops]));
  }

  /** The lease is lost: everything that it held belongs to others. */
  abandon(): void {
    this.lostLease = true;
    for (const { driver } of this.performing.values()) driver?.lose();
  }

  /**
   * The environments that this worker honours have changed. Held assignments of other environments are released to workers that can execute
   * them.
   */
  abandonOthers(honours: (environment: string) => boolean): void {
    for (const { driver, environment } of this.performing.values())
      if (environment !== null && !honours(environment)) driver?.giveBack();
  }

  private async allDone(): Promise<void> {
    await Promise.all([...this.performing.values()].map(({ done }) => done));
  }

  private async claimForever(workerSession: WorkerSession): Promise<void> {
    while (!this.stopping) {
      let claimed: ClaimedAssignment | null = null;
      try {
        if (this.hasRoom()) {
          this.claiming = true;
          claimed = await this.fanOut.assignments.claim(workerSession);
          this.duties.done('assignment');
          if (claimed) this.perform(claimed);
        }
      } catch (error) {
        this.mayHold = true;
        this.duties.failed('assignment', error);
      } finally {
        this.claiming = false;
      }
      if (claimed) this.busyUntil = performance.now() + BUSY_MS;
      else await this.idle();
    }
  }

  private hasRoom(): boolean {
    const waits = [...this.performing.values()].some(({ driver }) => driver === null || driver.pending > 0);
    return !waits && this.fanOut.slots.free > 0 && !this.dependencies.storeHealth.isAway;
  }

  private async idle(): Promise<void> {
    const share = performance.now() < this.busyUntil ? BUSY_SHARE : 1;
    await this.pausing.of(this.options.claimIntervalMs * share * (0.75 + Math.random() / 2));
  }

  /** Releases assignments that it holds but does not execute because the answer to a claim was lost. */
  private async standForever(workerSession: WorkerSession): Promise<void> {
    let unknown = new Set<string>();
    while (!this.stopping || this.performing.size > 0) {
      await pause(this.options.assignmentStatusIntervalMs);
      if (!this.shouldAsk()) continue;
      this.askedAt = performance.now();
      // Set before the query: a claim whose answer is lost meanwhile is queried again.
      this.mayHold = false;
      try {
        const before = unknown;
        unknown = new Set();
        const known = [...this.performing.values()].filter(({ driver }) => driver !== null);
        const assignmentStatuses = new Map(
          (await this.fanOut.assignments.assignmentStatuses(workerSession)).map((one) => [keyOf(one), one]),
        );
        for (const { claimed, driver } of known) {
          const status = assignmentStatuses.get(keyOf(claimed));
          if (status) driver?.assignmentStatus(status);
          else driver?.lose();
        }
        for (const [key, status] of assignmentStatuses) {
          // Assignments of a claim that is not answered yet are not known either.
          if (this.claiming || this.performing.has(key) || this.answered.has(key)) continue;
          if (before.has(key)) await this.fanOut.assignments.release({ ...status, workerSession });
          else unknown.add(key);
        }
        for (const key of this.answered) if (!assignmentStatuses.has(key)) this.answered.delete(key);
        if (assignmentStatuses.size > 0) this.mayHold = true;
        this.duties.done('standings');
      } catch (error) {
        this.mayHold = true;
        this.duties.failed('standings', error);
      }
    }
  }

  /** Every worker of an installation polls as long as it lives, so an idle worker polls rarely. */
  private shouldAsk(): boolean {
    return (
      this.mayHold || this.performing.size > 0 || performance.now() - this.askedAt >= this.options.idleStatusIntervalMs
    );
  }

  /** Answered, but not yet settled by the driver. */
  private readonly answered = new Set<string>();

  private async countForever(workerSession: WorkerSession): Promise<void> {
    const failures = new FailureLog(this.log, {
      failed: 'assignment.others-failed',
      works: 'assignment.others-known',
    });
    while (!this.stopping) {
      try {
        this.otherWorkers = await this.fanOut.assignments.others(workerSession);
        failures.works();
      } catch (error) {
        failures.failed(reasonOf(error), { error });
      }
      this.forgetRuns();
      for (let left = OTHERS_INTERVAL_MS; left > 0 && !this.stopping; left -= SLEEP_MS) await pause(SLEEP_MS);
    }
  }

  private perform(claimed: ClaimedAssignment): void {
    const entry: Performing = { claimed, driver: null, environment: null, done: Promise.resolve() };
    const key = keyOf(claimed);
    this.performing.set(key, entry);
    entry.done = this.performOne(entry).finally(() => {
      this.performing.delete(key);
      // Assignments that could not be released.
      this.mayHold = true;
      this.pausing.wake();
    });
  }

  private async performOne(entry: Performing): Promise<void> {
    const { claimed } = entry;
    const { tenant, runId, name: assignment } = claimed;
    try {
      const opened = await this.runOf(claimed);
      if (opened === null || this.lostLease) return await this.fanOut.assignments.release(claimed);
      if (!this.isHonoured(opened)) {
        await this.options.decline(claimed.workerSession, tenant, runId);
        return await this.fanOut.assignments.release(claimed);
      }
      entry.environment = opened.run.environment;
      entry.driver = AssignmentDriver.of(this.dependencies, this.fanOut, claimed, opened);
      if (this.leaving) entry.driver.leave();
      const performed = await entry.driver.drive();
      if (performed === 'answered') this.answered.add(keyOf(claimed));
      this.log.say('debug', 'assignment.performed', { runId, tenant, assignment, performed });
    } catch (error) {
      this.log.say('error', 'assignment.failed', { runId, tenant, assignment, error });
      entry.driver?.lose();
      await pause(1_000);
      await this.fanOut.assignments.release(claimed).catch(() => undefined);
    }
  }

  /** The requirements of a run apply to every worker that executes its steps, not only to its driver. */
  private isHonoured({ run, index, admission }: OpenedRun): boolean {
    const { honouring } = this.dependencies;
    return honouring === undefined || unmetOf(run, index, admission, honouring.means()).length === 0;
  }

  /** Checked once per run, however many assignments arrive. */
  private runOf({ tenant, runId }: ClaimedAssignment): Promise<OpenedRun | null> {
    const known = this.opened.get(runId);
    if (known) {
      known.usedAt = performance.now();
      return known.run;
    }
    const run = this.openRun(tenant, runId);
    this.opened.set(runId, { run, usedAt: performance.now() });
    run.catch(() => this.opened.delete(runId));
    return run;
  }

  private async openRun(tenant: ClaimedAssignment['tenant'], runId: RunId): Promise<OpenedRun | null> {
    const run = await this.fanOut.assignments.run(tenant, runId);
    const opened = run ? await openRun(this.dependencies, run) : null;
    if (opened?.kind !== 'halted') return opened;
    if (run) this.dependencies.alarm(run, opened.code, opened.detail);
    return null;
  }

  private forgetRuns(): void {
    const used = new Set<string>([...this.performing.values()].map(({ claimed }) => claimed.runId));
    for (const [runId, { usedAt }] of this.opened)
      if (!used.has(runId) && performance.now() - usedAt > KEPT_MS) this.opened.delete(runId);
  }
}

const SLEEP_MS = 250;

function keyOf({ tenant, runId, name, fence }: Pick<ClaimedAssignment, 'tenant' | 'runId' | 'name' | 'fence'>): string {
  return `${tenant} ${runId} ${name} ${fence}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
