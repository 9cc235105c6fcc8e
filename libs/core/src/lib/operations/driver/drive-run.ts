import type { ClaimedRun } from '../../ports/runs/claims';
import { nextWakeAt } from '../../run/advance';
import { poisoning } from '../../run/poison';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import { haltRun, unreadable } from '../claimed-run/halt-run';
import type { Refusal } from '../claimed-run/refusal';
import { endedAlready, restoreRun, type Restored } from '../claimed-run/restore-run';
import { RunTime } from '../claimed-run/run-time';
import { Executions } from '../execution/executions';
import { ApprovedContext } from '../gates/approved-context';
import { InputQueue } from '../turn/input-queue';
import type { Arrival } from '../turn/turn-builder';
import type { Fact } from '../../run/run-event';
import { IdlePause } from '../work/pause';
import { FanOutDispatcher } from './fan-out/fan-out-dispatcher';
import { honourRun } from './honour-run';
import { ContainerLog } from './container-log';
import { PolicyLog } from './policy-log';
import { Position } from './position';
import { PostCommitDispatcher, type DriverHandle, type RunDependencies, type RunMeans } from './post-commit-dispatcher';
import { RunTurns } from './run-turns';

/** `passed`: this worker cannot honour the run and has released it. */
export type Driven = 'ended' | 'parked' | 'claim-lost' | 'halted' | 'handed-over' | 'passed';

const ORIGINAL_GONE: Refusal = {
  code: 'ORIGINAL_GONE',
  message: 'the original run of this rerun was deleted',
};

/**
 * How long a hand-over waits for dispatches to other workers, milliseconds. Steps that are not dispatched by then begin here and are
 * stopped at once.
 */
const DISPATCH_MS = 4_000;
/** How long a hand-over waits for its child processes, milliseconds. Their supervisor ends them in any case. */
const HAND_OVER_MS = 20_000;
/** How long a fact waits for what is stored with it, milliseconds. */
const HOLD_MS = 250;

/**
 * Drives one claimed run until it ends, parks, or is lost to another owner (ARCHITECTURE.md). A driver works in turns: it takes input,
 * decides, performs pure commands before the commit and takes their results into the same turn, commits, and then performs the other
 * commands. No step is acknowledged, and nothing that is not pure starts, before the commit has succeeded for this run.
 */
export class RunDriver {
  private readonly queue = new InputQueue();
  private readonly position: Position;
  private readonly means: RunMeans;
  private readonly held: PostCommitDispatcher;
  private readonly turns: RunTurns;
  private readonly idle = new IdlePause();
  private handingOver = false;
  /** True if nothing more begins here. Executions in progress may end. */
  private leaving = false;
  private lost = false;
  private over = false;
  private waitsUntil: NodeJS.Timeout | undefined;
  private holdsUntil: NodeJS.Timeout | undefined;

  private constructor(
    private readonly dependencies: RunDependencies,
    private readonly run: ClaimedRun,
    private readonly restored: Restored,
  ) {
    const { index, results, values, secrets, state } = restored;
    this.position = new Position(restored, run.seen);
    const containerLog = new ContainerLog(dependencies, run);
    this.means = {
      dependencies,
      run,
      values,
      secrets,
      initiators: restored.admission.initiators,
      executions: new Executions(dependencies, run, values, secrets, (fact, isFollowed) =>
        this.reported(fact, isFollowed),
      ),
      dispatcher: new FanOutDispatcher(dependencies, run, index, values, state),
      approved: new ApprovedContext(index, results, values),
      containerLog,
      policyLog: new PolicyLog(containerLog, index),
    };
    this.held = new PostCommitDispatcher(this.means, this.driver());
    this.turns = new RunTurns(this.means, restored, this.position, this.queue, this.held, {
      isLeaving: () => this.leaving,
      isHandingOver: () => this.handingOver,
      loseChildren: () => this.loseChildren(),
    });
  }

  /**
   * Restores a claimed run. A run whose records do not agree is halted and gets no driver. There is no driver either if another owner is
   * writing the records, or if this worker cannot honour the run's environment. With a `refusal` the run ends with its code, and none of
   * its steps is started.
   */
  static async open(
    dependencies: DriverDependencies,
    run: ClaimedRun,
    refusal: Refusal | null = null,
  ): Promise<RunDriver | 'halted' | 'claim-lost' | 'passed'> {
    const restored = await restoreRun(dependencies, run).catch(unreadable);
    if (restored.kind === 'halted') return haltRun(dependencies, run, restored);
    const over = endedAlready(run, restored.state);
    if (over) return haltRun(dependencies, run, over);
    const refused = refusal ?? (await honourRun(dependencies, run, restored));
    if (refused === 'passed') return 'passed';
    const { admission, original, state, lastAt } = restored;
    const stopped = refused ?? (original === 'gone' ? ORIGINAL_GONE : null);
    const goesOn = lastAt > 0 ? lastAt : Date.parse(admission.acceptedAt);
    const clock = RunTime.after(dependencies.clock, goesOn, lastAt > 0 ? (run.committedAt ?? null) : null);
    // The clock of this worker may be some milliseconds behind the one that dated the admission.
    const driver = new RunDriver({ ...dependencies, clock }, run, { ...restored, lastAt: goesOn });
    const failed =
      poisoning(run.crashes, state) ?? (stopped && ({ type: 'run.failed', step: null, ...stopped } as const));
    driver.turns.begin(failed);
    if (failed === null) await driver.turns.readSecrets();
    return driver;
  }

  /** This driver's interface for the components that perform committed commands. */
  private driver(): DriverHandle {
    return {
      state: () => this.position.state,
      lastAt: () => this.position.lastAt,
      isLeaving: () => this.leaving || this.handingOver,
      context: () => this.turns.context(this.restored.results),
      arrived: (arrival) => this.arrived(arrival),
      handOver: () => this.handOver(),
      loseChildren: () => this.loseChildren(),
      left: () => this.idle.wake(),
    };
  }

  /** Called when the inbox may hold new messages. */
  inboxChanged(): void {
    this.turns.inboxChanged();
    this.idle.wake();
  }

  /** True if the run was handed over because children were lost at their supervisor's deadline, and nobody had asked for a hand-over. */
  get lostChildren(): boolean {
    return this.lost;
  }

  /**
   * Called when the worker leaves. No further step with effects begins here, executions in progress may end, and then the run is handed
   * over. The next owner begins the remaining steps.
   */
  leave(): void {
    this.leaving = true;
    this.idle.wake();
  }

  /**
   * Called when the time of a leaving worker runs out. Tells steps that may begin again elsewhere to stop. Returns them as
   * `step#execution`.
   */
  giveUpIdempotent(): readonly string[] {
    return this.means.executions.giveUp();
  }

  /** Executions in this process that were not told to stop, as `step#execution`. */
  get underWay(): readonly string[] {
    return this.means.executions.names;
  }

  /** Stops without a decision: children are told to stop, and the next owner takes over. */
  handOver(): void {
    this.lost = false;
    this.giveUp();
  }

  private loseChildren(): void {
    this.lost = !this.handingOver || this.lost;
    this.giveUp();
  }

  private giveUp(): void {
    this.handingOver = true;
    this.means.executions.abandon('hand-over');
    // Accesses to the object store are awaited as long as children are.
    this.waitsUntil ??= setTimeout(() => this.means.values.giveUp(), HAND_OVER_MS);
    this.idle.wake();
  }

  async drive(): Promise<Driven> {
    try {
      for (;;) {
        if (this.handingOver) return await this.finishHandOver();
        if (this.turns.isInboxDue) await this.turns.readInbox();
        const driven = await this.turns.turn(false);
        if (driven === 'again') continue;
        if (driven !== 'idle') return driven;
        if (this.leaving && this.isQuiet()) this.handOver();
        else await this.arrival();
      }
    } catch (error) {
      return await haltRun(this.dependencies, this.run, unreadable(error));
    } finally {
      this.over = true;
      clearTimeout(this.waitsUntil);
      clearTimeout(this.holdsUntil);
      this.means.executions.abandon('over');
      this.means.values.giveUp();
    }
  }

  /** True if nothing of the run is in progress here and no input waits for a turn. */
  private isQuiet(): boolean {
    const { means, queue, position } = this;
    const count = means.executions.count + queue.count + queue.heldCount + position.ahead.length;
    return count === 0 && !this.turns.isInboxDue && !this.held.isBusy;
  }

  /**
   * Takes all input that has already arrived. Children are told to stop and awaited; the last turns then take every result that came
   * before.
   */
  private async finishHandOver(): Promise<Driven> {
    await withTimeout(DISPATCH_MS, this.held.dispatchesSettled());
    await this.means.executions.settled(HAND_OVER_MS);
    this.means.values.giveUp();
    this.queue.release();
    while (this.queue.count > 0) {
      // A turn with a closing event first needs the inbox messages that came before it.
      if (this.turns.isInboxDue) await this.turns.readInbox();
      const driven = await this.turns.turn(true);
      if (driven !== 'again' && driven !== 'idle') return driven;
    }
    return 'handed-over';
  }

  private arrived(arrival: Arrival): void {
    if (this.over) return;
    this.queue.push(arrival);
    this.idle.wake();
  }

  /**
   * An execution has reported a fact. One that is followed by others is stored together with them, if they come soon: most commands are
   * short.
   */
  private reported(fact: Fact, isFollowed = false): void {
    if (!isFollowed) return this.arrived({ kind: 'fact', fact });
    if (this.over) return;
    if (this.queue.heldCount === 0) {
      clearTimeout(this.holdsUntil);
      this.holdsUntil = setTimeout(() => {
        this.queue.release();
        this.idle.wake();
      }, HOLD_MS);
    }
    this.queue.hold({ kind: 'fact', fact });
  }

  /** Waits for input, an inbox message, or the run's next timer. */
  private async arrival(): Promise<void> {
    if (this.queue.count > 0 || this.turns.isInboxDue || this.handingOver || this.position.ahead.length > 0) return;
    const wake = nextWakeAt(this.position.state);
    await this.idle.of(wake === null ? 60_000 : Math.min(60_000, Math.max(1, wake - this.dependencies.clock.now())));
  }
}

/** Waits for something, up to a limit. */
async function withTimeout(ms: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([something, late]);
  clearTimeout(timer);
}
