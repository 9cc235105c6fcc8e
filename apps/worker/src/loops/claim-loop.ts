import { IdlePause, RunDriver, type Driven, type DriverDependencies, type Refusal } from '@taskrunner/core/operations';
import type { Claims, ClaimedRun, RunName, WorkerSession } from '@taskrunner/core/ports';
import type { ClaimLoopOptions } from './claim-loop-options';
import { Duties } from './duties';
import { atMost, letEnd, type Grace } from './drain';
import { causeOf, FailedDrives, isMistake } from './failed-drives';
import { refusalOf } from './unserved-run';
import type { IsolatedDrive } from '../quarantine/quarantine';
import type { WorkerLog } from '../reporting/worker-log';

interface ActiveRun {
  run: ClaimedRun;
  driver: RunDriver | IsolatedDrive | null;
  /** It was driven in quarantine, and its process died of it. */
  died: boolean;
  /** It could not be driven further because the object store is unavailable. */
  isWaiting: boolean;
  hasEnded: boolean;
  done: Promise<void>;
}

/**
 * Claims due runs and drives them, up to the configured number. One query for all driven runs finds new inbox messages. A run in quarantine
 * is driven in a separate process.
 */
export class ClaimLoop {
  private readonly drivers = new Map<string, ActiveRun>();
  private stopping = false;
  private leaving = false;
  private handingOver = false;
  private hinted = false;
  private named: RunName | null = null;
  private claimedAt = -Infinity;
  private claimedAllAt = -Infinity;
  private readonly pausing = new IdlePause();
  private readonly failures = new FailedDrives();
  private loops: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly claims: Claims,
    private readonly dependencies: DriverDependencies,
    private readonly log: WorkerLog,
    private readonly options: ClaimLoopOptions,
    private readonly onEnded: () => void,
    private readonly duties = new Duties(log),
  ) {}

  /** Number of runs that it drives. */
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

  /** Something may be due: poll now. @param run the only run that is due, as far as is known. */
  wake(run: RunName | null = null): void {
    // Several hints, or a run that has ended: others may be due.
    this.named = this.hinted ? null : run;
    this.hinted = true;
    this.pausing.wake();
  }

  /**
   * Stops claiming and beginning steps. A run is handed over when it has no executions here, and all runs when the grace period is over.
   * Always resolves.
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

  /** The lease is lost, or the grace period is over: every driver stops, including drivers that are still being opened. */
  abandon(): void {
    this.handingOver = true;
    for (const { driver } of this.drivers.values()) driver?.handOver();
  }

  /**
   * The environments that this worker honours have changed. Driven runs of other environments are handed over to workers that can drive
   * them.
   */
  abandonOthers(honours: (environment: string) => boolean): void {
    for (const { run, driver } of this.drivers.values()) if (!honours(run.environment)) driver?.handOver();
  }

  private async allDone(): Promise<void> {
    await Promise.all([...this.drivers.values()].map(({ done }) => done));
  }

  private async claimForever(workerSession: WorkerSession): Promise<void> {
    for (let isQuiet = false; !this.stopping;) {
      // Beside a few runs, hardly anything becomes due that could be claimed together with the named run.
      if (!isQuiet || this.named === null || this.drivers.size > FEW_RUNS) await this.gap();
      const named = isQuiet && this.hasClaimedAllLately ? this.named : null;
      this.hinted = false;
      this.named = null;
      isQuiet = true;
      try {
        // Nothing else was due before the run that a hint names, so that no other waits for longer because of it.
        const isClaimed = named !== null && (await this.claimNamed(workerSession, named)) > 0;
        if (!isClaimed) isQuiet = (await this.claim(workerSession)) === 0;
      } catch (error) {
        this.duties.failed('claim', error);
      }
      if (isQuiet) await this.idle();
    }
  }

  /** False: runs whose hints were lost may have been waiting for longer than a pause. */
  private get hasClaimedAllLately(): boolean {
    return performance.now() - this.claimedAllAt < this.options.claimIntervalMs * 1.5;
  }

  private async claimNamed(workerSession: WorkerSession, named: RunName): Promise<number> {
    if (!this.mayClaim()) return 0;
    const run = await this.claims.claimNamed(workerSession, named);
    return run === null ? 0 : this.begin([run], workerSession);
  }

  private async claim(workerSession: WorkerSession): Promise<number> {
    this.claimedAllAt = performance.now();
    await this.claims.sweep(workerSession);
    const free = this.options.concurrency - this.drivers.size;
    const runs = this.mayClaim() ? await this.claims.claim(workerSession, free) : [];
    if (free > 0) this.duties.done('claim');
    return this.begin(runs, workerSession);
  }

  private mayClaim(): boolean {
    return this.drivers.size < this.options.concurrency && !this.dependencies.storeHealth.isAway;
  }

  private async begin(runs: readonly ClaimedRun[], workerSession: WorkerSession): Promise<number> {
    for (const [i, run] of runs.entries()) {
      if (this.stopping) await this.claims.release(run, null);
      else this.drive(run, workerSession);
      if ((i + 1) % BEGUN_TOGETHER === 0) await untilTheyWait();
    }
    return runs.length;
  }

  /** Runs that become due in quick succession are claimed together: a claim costs the database the same for one run and for many. */
  private async gap(): Promise<void> {
    const left = CLAIM_GAP_MS - (performance.now() - this.claimedAt);
    if (left > 0) await pause(left);
    this.claimedAt = performance.now();
  }

  private async idle(): Promise<void> {
    if (this.hinted) return;
    const jitter = this.options.claimIntervalMs * (0.75 + Math.random() / 2);
    await this.pausing.of(jitter);
  }

  /** Ends runs that no living worker can honour or has the labels for, when their wait is over or they are cancelled. Starts none of their steps. */
  private async refuseForever(workerSession: WorkerSession): Promise<void> {
    while (!this.stopping) {
      await this.sleep(this.options.refuseIntervalMs);
      await this.refuse(workerSession);
    }
  }

  private async refuse(workerSession: WorkerSession): Promise<void> {
    const { concurrency, profileWaitMs, sealed } = this.options;
    const free = Math.min(concurrency - this.drivers.size, REFUSED_AT_ONCE);
    if (this.stopping || free < 1) return;
    try {
      for (const run of await this.claims.claimUnserved(workerSession, profileWaitMs, sealed, free)) {
        const refusal = refusalOf(run, sealed.isolations);
        this.log.say('warn', 'run.unenforceable', { runId: run.runId, tenant: run.tenant, code: refusal.code });
        this.drive(run, workerSession, refusal);
      }
      this.duties.done('refuse');
    } catch (error) {
      this.duties.failed('refuse', error);
    }
  }

  /** Resolves at that time, or when this loop is stopped. */
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
    const entry: ActiveRun = {
      run,
      driver: null,
      died: false,
      isWaiting: false,
      hasEnded: false,
      done: Promise.resolve(),
    };
    this.drivers.set(key, entry);
    entry.done = this.driveOne(entry, workerSession, refusal).finally(() => {
      const wasFull = this.drivers.size >= this.options.concurrency;
      this.drivers.delete(key);
      // The end of a run makes no other due, unless that waits for a free place or for its concurrency group.
      if (wasFull || !entry.hasEnded || run.isInGroup !== false) this.wake();
    });
  }

  private async driveOne(entry: ActiveRun, workerSession: WorkerSession, refusal: Refusal | null): Promise<void> {
    const { watch = (_run, work) => work() } = this.options;
    for (;;) {
      const driven = await watch(entry.run, () => this.driveWatched(entry, refusal));
      const { run, driver } = entry;
      entry.hasEnded = driven === 'ended';
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
   * Continues a run after its children were killed because the lease could not be renewed in time. The run need not move, because nobody
   * else has claimed it as long as it is ours. An unavailable object store is no reason to move it either: the worker waits. Null: the run
   * is no longer ours, or this worker gives up its runs.
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
      if (!isBroken) this.failures.forget(runId);
      if (driven === 'ended') this.onEnded();
      entry.died = driven === 'died';
      const cause = causeOf(driven, driver instanceof RunDriver ? null : driver.mistake);
      if (cause !== null && this.failures.isHopeless(runId) && (await this.halted(run, cause))) {
        entry.died = false;
        return 'halted';
      }
      if (isBroken) await this.sleep(cause === null ? this.failures.pauseMs(runId) : RETRY_MS);
      return driven === 'died' ? 'failed' : driven;
    } catch (error) {
      entry.isWaiting = this.dependencies.storeHealth.note(error);
      // The watch over the store has reported the reason.
      if (entry.isWaiting) this.log.say('info', 'driver.waits', { runId, tenant });
      else if (!this.duties.refused('drive', error)) {
        this.log.say('error', 'driver.failed', { runId, tenant, error });
        const isHopeless = isMistake(error) && this.failures.isHopeless(runId);
        if (isHopeless && (await this.halted(run, error.message))) return 'halted';
      }
      await pause(RETRY_MS);
      return 'failed';
    }
  }

  /** Halts a run that no drive can bring forward, with an alarm. False: it is not ours any more, or the database does not answer. */
  private async halted(run: ClaimedRun, reason: string): Promise<boolean> {
    const detail = `the engine failed repeatedly: ${reason}`;
    try {
      if (!(await this.claims.halt(run, 'ENGINE_FAILED', detail))) return false;
    } catch (refused) {
      this.log.say('warn', 'halt.failed', { runId: run.runId, error: refused });
      return false;
    }
    this.dependencies.alarm(run, 'ENGINE_FAILED', detail);
    return true;
  }

  /**
   * Releases a run and retries until it is answered: a run that a living worker owns and nobody drives would never continue. The fence
   * guards it.
   */
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
/** Number of driven runs up to which a named run is claimed without the pause between two claims. */
const FEW_RUNS = 4;
/**
 * Runs of one claim that proceed in turns. If all proceeded at once, each would exceed its window and commit more than once, leaving two
 * processors idle.
 */
const BEGUN_TOGETHER = 8;
const REFUSED_AT_ONCE = 10;
/** Pause before a run whose children were lost is continued, so that a run that loses them each time does not cause a busy loop. */
const RESUME_AFTER_MS = 500;
const SLEEP_MS = 250;
/** Pause after a failed drive. */
const RETRY_MS = 1_000;
/** Limit for a hand-over, milliseconds. After that the process ends and the sweep frees its runs. */
const HAND_OVER_MS = 25_000;

/** Waits until the begun work waits for something outside of this process, so that ready work precedes work that begins next. */
function untilTheyWait(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
