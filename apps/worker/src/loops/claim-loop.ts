import { RunDriver, type Driven, type DriverDependencies, type Refusal } from '@taskrunner/core/operations';
import type { Environment } from '@taskrunner/core/plan';
import type { Claims, ClaimedRun, WorkerSession } from '@taskrunner/core/ports';
import { Duties } from './duties';
import { atMost, letEnd, type Grace } from './drain';
import type { IsolatedDrive } from '../quarantine/quarantine';
import type { WorkerLog } from '../reporting/worker-log';

interface ActiveRun {
  run: ClaimedRun;
  driver: RunDriver | IsolatedDrive | null;
  /** It was driven apart, and its process died of it. */
  died: boolean;
  /** It could not be driven on since the object store is away. */
  isWaiting: boolean;
  done: Promise<void>;
}

export interface ClaimLoopOptions {
  readonly concurrency: number;
  readonly claimIntervalMs: number;
  readonly inboxIntervalMs: number;
  /** Around the drive of each run: telemetry. */
  readonly watch?: DriveWatch;
  /** Drives a run in a process of its own. */
  readonly isolate: (run: ClaimedRun, refusal: Refusal | null) => IsolatedDrive;
  /** Runs that are kept apart by these sandbox profiles wait so long for a worker that can honour them, before one that cannot ends them. */
  readonly sealed: { readonly isolations: readonly string[]; readonly waitMs: number };
  /** The same of others, and of runs whose labels no living worker has. */
  readonly profileWaitMs: number;
  readonly refuseIntervalMs: number;
}

type DriveWatch = (run: ClaimedRun, work: () => Promise<Driven | 'failed'>) => Promise<Driven | 'failed'>;

/**
 * Claims due runs and drives them, as many at once as configured. One query for all driven runs finds new inbox messages. A run in
 * quarantine is driven in a process of its own.
 */
export class ClaimLoop {
  private readonly drivers = new Map<string, ActiveRun>();
  private stopping = false;
  private leaving = false;
  private handingOver = false;
  private hinted = false;
  private claimedAt = -Infinity;
  private hint: () => void = () => undefined;
  private loops: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly claims: Claims,
    private readonly dependencies: DriverDependencies,
    private readonly log: WorkerLog,
    private readonly options: ClaimLoopOptions,
    private readonly onEnded: () => void,
    private readonly duties = new Duties(log),
  ) {}

  /** How many runs it drives now. */
  get driving(): number {
    return this.drivers.size;
  }

  start(workerSession: WorkerSession): void {
    this.stopping = false;
    this.leaving = false;
    this.handingOver = false;
    this.loops = Promise.all([
      this.claimForever(workerSession),
      this.pollInboxForever(workerSession),
      this.refuseForever(workerSession),
    ]);
  }

  /** Something is due, perhaps: look now. */
  wake(): void {
    this.hinted = true;
    this.hint();
  }

  /**
   * Stops claiming, and begins no more steps. A run is handed over as soon as nothing of it is under way here, and all of them when the grace
   * is over. Ends in any case.
   */
  async drain(grace: Grace): Promise<void> {
    this.stopping = true;
    this.leaving = true;
    this.wake();
    await letEnd(
      () => [...this.drivers.values()],
      () => this.allDone(),
      grace,
    );
    this.abandon();
    await atMost(HAND_OVER_MS, Promise.all([this.allDone(), this.loops]));
  }

  /** The lease is lost, or the grace is over: every driver stops, also one that is still being opened. */
  abandon(): void {
    this.handingOver = true;
    for (const { driver } of this.drivers.values()) driver?.handOver();
  }

  /** What this worker honours has changed: what it drives of other environments, by their texts, goes to whoever can. */
  abandonOthers(honours: (environment: string) => boolean): void {
    for (const { run, driver } of this.drivers.values()) if (!honours(run.environment)) driver?.handOver();
  }

  private async allDone(): Promise<void> {
    await Promise.all([...this.drivers.values()].map(({ done }) => done));
  }

  private async claimForever(workerSession: WorkerSession): Promise<void> {
    while (!this.stopping) {
      let claimed = 0;
      await this.gap();
      this.hinted = false;
      try {
        await this.claims.sweep(workerSession);
        const free = this.options.concurrency - this.drivers.size;
        const runs =
          free > 0 && !this.dependencies.storeHealth.isAway ? await this.claims.claim(workerSession, free) : [];
        claimed = runs.length;
        if (free > 0) this.duties.done('claim');
        for (const [i, run] of runs.entries()) {
          if (this.stopping) await this.claims.release(run, null);
          else this.drive(run, workerSession);
          if ((i + 1) % BEGUN_TOGETHER === 0) await untilTheyWait();
        }
      } catch (error) {
        this.duties.failed('claim', error);
      }
      if (claimed === 0) await this.idle();
    }
  }

  /** What comes in quick succession is claimed together: a claim costs the database the same for one run and for many. */
  private async gap(): Promise<void> {
    const left = CLAIM_GAP_MS - (performance.now() - this.claimedAt);
    if (left > 0) await pause(left);
    this.claimedAt = performance.now();
  }

  private async idle(): Promise<void> {
    if (this.hinted) return;
    const jitter = this.options.claimIntervalMs * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, jitter);
      this.hint = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends runs that nobody who lives can honour, or has the labels for, as they ask; starts nothing of them. */
  private async refuseForever(workerSession: WorkerSession): Promise<void> {
    while (!this.stopping) {
      await this.sleep(this.options.refuseIntervalMs);
      await this.refuse(workerSession);
    }
  }

  private refusalOf({ environment, unhonoured }: ClaimedRun): Refusal {
    if (unhonoured === undefined) return UNPLACED;
    const { isolation } = JSON.parse(environment) as Environment;
    const isUnsealed =
      this.options.sealed.isolations.includes(isolation) && unhonoured.split(',').includes('isolation');
    if (isUnsealed) return UNENFORCEABLE;
    return {
      code: 'PROFILE_MISMATCH',
      message: `no worker that is there can honour what the run was admitted with: ${unhonoured}`,
    };
  }

  private async refuse(workerSession: WorkerSession): Promise<void> {
    const { concurrency, profileWaitMs, sealed } = this.options;
    const free = Math.min(concurrency - this.drivers.size, REFUSED_AT_ONCE);
    if (this.stopping || free < 1) return;
    try {
      for (const run of await this.claims.claimUnserved(workerSession, profileWaitMs, sealed, free)) {
        const refusal = this.refusalOf(run);
        this.log.say('warn', 'run.unenforceable', { runId: run.runId, tenant: run.tenant, code: refusal.code });
        this.drive(run, workerSession, refusal);
      }
      this.duties.done('refuse');
    } catch (error) {
      this.duties.failed('refuse', error);
    }
  }

  /** Until then, or until this loop is told to stop. */
  private async sleep(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.stopping; left -= SLEEP_MS) await pause(Math.min(left, SLEEP_MS));
  }

  private async pollInboxForever(workerSession: WorkerSession): Promise<void> {
    while (!this.stopping || this.drivers.size > 0) {
      await pause(this.options.inboxIntervalMs);
      if (this.drivers.size === 0) continue;
      try {
        const changed = new Set((await this.claims.inboxPositions(workerSession)).map(({ runId }) => runId));
        for (const { run, driver } of this.drivers.values()) if (changed.has(run.runId)) driver?.inboxChanged();
        this.duties.done('mail');
      } catch (error) {
        this.duties.failed('mail', error);
      }
    }
  }

  private drive(run: ClaimedRun, workerSession: WorkerSession, refusal: Refusal | null = null): void {
    const key = `${run.runId}#${run.fence}`;
    const entry: ActiveRun = { run, driver: null, died: false, isWaiting: false, done: Promise.resolve() };
    this.drivers.set(key, entry);
    entry.done = this.driveOne(entry, workerSession, refusal).finally(() => {
      this.drivers.delete(key);
      this.wake();
    });
  }

  private async driveOne(entry: ActiveRun, workerSession: WorkerSession, refusal: Refusal | null): Promise<void> {
    const { watch = (_run, work) => work() } = this.options;
    for (;;) {
      const driven = await watch(entry.run, () => this.driveWatched(entry, refusal));
      const { run, driver } = entry;
      if (entry.died) return this.untilAnswered(run, () => this.claims.markPoisoned(run));
      if (driven === 'ended' || driven === 'parked' || driven === 'halted' || driven === 'passed') return;
      const isCutOff = entry.isWaiting || (driver instanceof RunDriver && driver.lostChildren);
      const resumed = isCutOff ? await this.resume(workerSession, run) : null;
      if (resumed === null) return this.untilAnswered(run, () => this.claims.release(run, null));
      entry.run = resumed;
      entry.driver = null;
    }
  }

  /**
   * Children that their supervisor has killed, since the lease could not be renewed in time, are no reason to move the run: nobody else
   * has claimed it as long as it is ours. Neither is an object store that is away: it is waited for. Null: the run is not ours any more, or
   * this worker gives up its runs.
   */
  private async resume(workerSession: WorkerSession, run: ClaimedRun): Promise<ClaimedRun | null> {
    await pause(RESUME_AFTER_MS);
    while (this.dependencies.storeHealth.isAway && !this.handingOver && !this.stopping) await pause(SLEEP_MS);
    if (this.handingOver || this.stopping) return null;
    try {
      return await this.claims.resume(workerSession, run);
    } catch (error) {
      this.log.say('warn', 'resume.failed', { runId: run.runId, error });
      return null;
    }
  }

  private async driveWatched(entry: ActiveRun, refusal: Refusal | null): Promise<Driven | 'failed'> {
    const { run } = entry;
    const { runId, tenant } = run;
    entry.isWaiting = false;
    try {
      const driver = run.quarantine
        ? this.options.isolate(run, refusal)
        : await RunDriver.open(this.dependencies, run, refusal);
      if (typeof driver === 'string') return driver;
      entry.driver = driver;
      if (this.handingOver) driver.handOver();
      else if (this.leaving) driver.leave();
      const driven = await driver.drive();
      const isBroken = driven === 'failed' || driven === 'died';
      this.log.say(isBroken ? 'warn' : 'info', 'run.driven', { runId, tenant, driven });
      this.duties.done('drive');
      if (driven === 'ended') this.onEnded();
      entry.died = driven === 'died';
      if (driven === 'failed') await pause(1_000);
      return driven === 'died' ? 'failed' : driven;
    } catch (error) {
      entry.isWaiting = this.dependencies.storeHealth.note(error);
      // Whoever watches the store has said why.
      if (entry.isWaiting) this.log.say('info', 'driver.waits', { runId, tenant });
      else if (!this.duties.refused('drive', error)) this.log.say('error', 'driver.failed', { runId, tenant, error });
      await pause(1_000);
      return 'failed';
    }
  }

  /** Gives a run back until it is answered: one that a living worker owns and nobody drives would sleep for ever. The fence guards it. */
  private async untilAnswered(run: ClaimedRun, giveBack: () => Promise<void>): Promise<void> {
    for (let wait = 500; !this.handingOver; wait = Math.min(wait * 2, 5_000)) {
      try {
        return await giveBack();
      } catch (error) {
        this.log.say('warn', 'release.failed', { runId: run.runId, error });
        await pause(wait);
      }
    }
  }
}

const CLAIM_GAP_MS = 10;
/** Runs of one claim that take turns. All at once they would each run out of their window, commit more than once, and leave two processors idle. */
const BEGUN_TOGETHER = 8;
const REFUSED_AT_ONCE = 10;
/** Before a run whose children were lost is gone on with: one whose children are lost each time is not driven in a tight loop. */
const RESUME_AFTER_MS = 500;
const SLEEP_MS = 250;
const UNENFORCEABLE: Refusal = {
  code: 'SEALED_UNENFORCEABLE',
  message: 'the run is sealed, and no worker that is there can seal',
};

const UNPLACED: Refusal = {
  code: 'PROFILE_MISMATCH',
  message: 'the run asks for labels of workers, and no worker that is there has had them for limits.profileWait',
};

/** How long a hand-over may take; then the process ends and the sweep frees its runs. */
const HAND_OVER_MS = 25_000;

/** Until what was begun waits for something outside of this process: what is ready now goes before what is begun next. */
function untilTheyWait(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
