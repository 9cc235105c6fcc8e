import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import { isCodedError } from '../../foundation/coded-error';
import type { JsonObject } from '../../foundation/json';
import { runNodeAt } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { InboxMessage } from '../../ports/runs/run-store';
import { nextWakeAt } from '../../run/advance';
import { poisoning } from '../../run/poison';
import type { InputEventBody } from '../../run/run-event';
import { isStillRelevant } from '../../run/still-relevant';
import { alarmOf } from '../../stored/document-altered';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import type { Halted } from '../claimed-run/open-run';
import type { Refusal } from '../claimed-run/refusal';
import { endedAlready, restoreRun, type Restored } from '../claimed-run/restore-run';
import { RunTime } from '../claimed-run/run-time';
import { Executions } from '../execution/executions';
import { ApprovedContext } from '../gates/approved-context';
import { InputQueue } from '../turn/input-queue';
import { PreCommitWindow } from '../turn/pre-commit-window';
import { afterRefusal } from '../turn/refused-turn';
import { TurnBuilder, type Arrival } from '../turn/turn-builder';
import { IdlePause } from '../work/pause';
import { FanOutDispatcher } from './fan-out/fan-out-dispatcher';
import { honourRun } from './honour-run';
import { inboxArrival } from './inbox-arrival';
import { ContainerLog } from './container-log';
import { PolicyLog } from './policy-log';
import { Position } from './position';
import {
  PostCommitDispatcher,
  isStop,
  type DriverHandle,
  type RunDependencies,
  type RunMeans,
} from './post-commit-dispatcher';
import { PreCommitCommands } from './pre-commit-commands';
import { SecretReading } from './secret-reading';
import { TurnCommitter } from './turn-committer';

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

/**
 * Drives one claimed run until it ends, parks, or is lost to another owner (ARCHITECTURE.md). A driver works in turns: it takes input,
 * decides, performs pure commands before the commit and takes their results into the same turn, commits, and then performs the other
 * commands. No step is acknowledged, and nothing that is not pure starts, before the commit has succeeded for this run.
 */
export class RunDriver {
  private readonly queue = new InputQueue();
  private readonly position: Position;
  private readonly means: RunMeans;
  private readonly secretReading: SecretReading;
  private readonly ahead: PreCommitCommands;
  private readonly committer: TurnCommitter;
  private readonly held: PostCommitDispatcher;
  private readonly idle = new IdlePause();
  private inboxDue: boolean;
  /** The last inbox message that was read. Later queries return messages after it. */
  private read: number;
  private handingOver = false;
  /** True if nothing more begins here. Executions in progress may end. */
  private leaving = false;
  private lost = false;
  private over = false;
  private waitsUntil: NodeJS.Timeout | undefined;

  private constructor(
    private readonly dependencies: RunDependencies,
    private readonly run: ClaimedRun,
    private readonly restored: Restored,
  ) {
    const { index, results, values, secrets, state, original } = restored;
    // The inbox position of a claim is valid only if nobody has driven the run since.
    this.inboxDue = run.untouched !== true || run.inbox === undefined || run.inbox > run.seen;
    this.read = run.seen;
    this.position = new Position(restored, run.seen);
    const containerLog = new ContainerLog(dependencies, run);
    this.means = {
      ...{ dependencies, run, values, secrets, initiators: restored.admission.initiators },
      executions: new Executions(dependencies, run, values, secrets, (fact) => this.arrived({ kind: 'fact', fact })),
      dispatcher: new FanOutDispatcher(dependencies, run, index, values, state),
      approved: new ApprovedContext(index, results, values),
      containerLog,
      policyLog: new PolicyLog(containerLog, index),
    };
    const { means, position } = this;
    const contextOf = (of: RunProjection) => this.context(of);
    this.secretReading = new SecretReading(means, results, position, this.queue);
    this.ahead = new PreCommitCommands(means, original === 'gone' ? null : original, contextOf);
    this.committer = new TurnCommitter(means, restored, position, contextOf);
    this.held = new PostCommitDispatcher(means, this.driver());
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
    if (restored.kind === 'halted') return halt(dependencies, run, restored);
    const over = endedAlready(run, restored.state);
    if (over) return halt(dependencies, run, over);
    const refused = refusal ?? (await honourRun(dependencies, run, restored));
    if (refused === 'passed') return 'passed';
    const { admission, original, state, lastAt } = restored;
    const stopped = refused ?? (original === 'gone' ? ORIGINAL_GONE : null);
    const goesOn = lastAt > 0 ? lastAt : Date.parse(admission.acceptedAt);
    const clock = RunTime.after(dependencies.clock, goesOn, lastAt > 0 ? (run.committedAt ?? null) : null);
    const driver = new RunDriver({ ...dependencies, clock }, run, restored);
    const failed =
      poisoning(run.crashes, state) ?? (stopped && ({ type: 'run.failed', step: null, ...stopped } as const));
    driver.begin(failed);
    if (failed === null) await driver.secretReading.atBeginning();
    return driver;
  }

  /** This driver's interface for the components that perform committed commands. */
  private driver(): DriverHandle {
    return {
      state: () => this.position.state,
      lastAt: () => this.position.lastAt,
      isLeaving: () => this.leaving || this.handingOver,
      context: () => this.context(this.restored.results),
      arrived: (arrival) => this.arrived(arrival),
      handOver: () => this.handOver(),
      loseChildren: () => this.loseChildren(),
      left: () => this.idle.wake(),
    };
  }

  /** Called when the inbox may hold new messages. */
  inboxChanged(): void {
    this.inboxDue = true;
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
        if (this.inboxDue) await this.readInbox();
        const driven = await this.turn();
        if (driven === 'again') continue;
        if (driven !== 'idle') return driven;
        if (this.leaving && this.isQuiet()) this.handOver();
        else await this.arrival();
      }
    } catch (error) {
      return await halt(this.dependencies, this.run, unreadable(error));
    } finally {
      this.over = true;
      clearTimeout(this.waitsUntil);
      this.means.executions.abandon('over');
      this.means.values.giveUp();
    }
  }

  /** True if nothing of the run is in progress here and no input waits for a turn. */
  private isQuiet(): boolean {
    const { means, queue, position } = this;
    const count = means.executions.count + queue.count + position.ahead.length;
    return count === 0 && !this.inboxDue && !this.held.isBusy;
  }

  /**
   * Takes all input that has already arrived. Children are told to stop and awaited; the last turns then take every result that came
   * before.
   */
  private async finishHandOver(): Promise<Driven> {
    await withTimeout(DISPATCH_MS, this.held.dispatchesSettled());
    await this.means.executions.settled(HAND_OVER_MS);
    this.means.values.giveUp();
    while (this.queue.count > 0) {
      // A turn with a closing event first needs the inbox messages that came before it.
      if (this.inboxDue) await this.readInbox();
      const driven = await this.turn(true);
      if (driven !== 'again' && driven !== 'idle') return driven;
    }
    return 'handed-over';
  }

  private begin(failed: Extract<InputEventBody, { type: 'run.failed' }> | null): void {
    const { worker } = this.dependencies;
    for (const [step, state] of this.position.state.steps.entries()) {
      if (state.kind === 'running' && state.assignment === null)
        this.queue.push({ kind: 'fact', fact: { type: 'log.cut', step, execution: state.execution } });
    }
    const { fence, crashes, quarantine } = this.run;
    const { name, version, build, probe } = worker;
    this.queue.push({
      kind: 'given',
      body: { type: 'run.claimed', fence, crashes, quarantine, worker: name, version, build, probe },
    });
    this.ahead.isPoison = failed?.code === 'POISON' || this.position.state.ending?.code === 'POISON';
    if (failed !== null) this.queue.push({ kind: 'given', body: failed });
  }

  private async readInbox(): Promise<void> {
    this.inboxDue = false;
    const messages: readonly InboxMessage[] = await this.dependencies.claims.inboxMessages(
      this.run.tenant,
      this.run.runId,
      this.read,
    );
    if (messages.some(({ input }) => input.type === 'gate.decided' || input.type === 'attention.resolved'))
      await this.secretReading.beforeDecisions();
    else if (messages.some(({ input }) => input.type === 'run.cancel-requested'))
      await this.secretReading.beforeCancellation();
    this.read = messages.at(-1)?.position ?? this.read;
    for (const { postedAt } of messages) this.dependencies.clock.notBefore(postedAt);
    const { initiators, values, secrets, dispatcher } = this.means;
    const { actors } = this.restored.index.approvalFloor;
    const rule = { initiators, selfApproval: false, ...(actors && { actors }) };
    const arrivals = messages.map((message) =>
      inboxArrival(this.dependencies, this.run, rule, values, message, secrets.redactor, (name) =>
        dispatcher.openOf(name),
      ),
    );
    this.queue.pushMessages(arrivals);
  }

  /** One turn. `idle`: there was nothing to do; `again`: there may be more. */
  private async turn(last = false): Promise<Driven | 'idle' | 'again'> {
    const { index, results } = this.restored;
    const { state, ahead, lastAt, lastLine, seen } = this.position;
    const at = Math.max(lastAt, this.dependencies.clock.now());
    const turn = new TurnBuilder(index, results.fork(), at, state, ahead, lastLine, seen);
    this.queue.takeInto(turn);
    const wake = nextWakeAt(turn.state);
    if (wake !== null && wake <= at && turn.state.phase === 'running') turn.give({ type: 'time.reached' });
    // A closing turn commits only if every inbox message has been taken.
    do if (!last && !(await this.performAhead(turn))) return 'again';
    while (this.endUnoffered(turn) || ((turn.closes || turn.ended) && this.queue.takeInto(turn)));
    turn.ahead = turn.ahead.filter((command) => isStillRelevant(turn.state, command));
    if (last || this.leaving) this.leaveNotStarted(turn);
    if (turn.entries.length === 0) {
      this.position.seen = turn.seen;
      return 'idle';
    }
    return this.commit(turn, last);
  }

  /**
   * Removes dispatches that are stopped in the same turn. They have no row that a worker could hold, so they end with the turn. Otherwise
   * the next owner would wait for their answer. Returns true if there were any.
   */
  private endUnoffered(turn: TurnBuilder): boolean {
    const over = this.means.dispatcher.undispatched(turn);
    for (const { step, execution } of over) {
      turn.forgetStop(step, execution);
      turn.give({ type: 'attempt.stopped', step, execution, unknown: false });
    }
    return over.length > 0;
  }

  /**
   * Steps that a leaving driver's turn starts are marked as not begun. The next owner then need not ask what they did, nor begin them too
   * late.
   */
  private leaveNotStarted(turn: TurnBuilder): void {
    for (const command of [...turn.held]) {
      const { step } = command;
      if (command.type !== 'start' || !isStillRelevant(turn.state, command)) continue;
      if (runNodeAt(this.restored.index, step).effects !== 'pure')
        turn.give({ type: 'attempt.unbegun', step, execution: command.execution });
    }
  }

  /** False if the run is being handed over. The turn is dropped, and nothing of it was visible. */
  private async performAhead(turn: TurnBuilder): Promise<boolean> {
    const window = new PreCommitWindow(turn, () => this.dependencies.clock.now());
    while (window.isOpen()) {
      const [command, ...rest] = turn.ahead;
      if (!command) return true;
      turn.ahead = rest;
      if (!isStillRelevant(turn.state, command)) continue;
      const body = await this.ahead.perform(turn, command);
      if (body === 'lost' || body === 'left' || (this.handingOver && isStop(body))) {
        this.queue.giveBack(turn.taken);
        if (body === 'lost') this.loseChildren();
        return false;
      }
      await this.ahead.take(turn, body);
    }
    return true;
  }

  private context(results: RunProjection): BindingContext {
    const { runId, tenant, planHash, inputs } = this.run;
    return {
      index: this.restored.index,
      results,
      values: this.means.values.known,
      context: { runId, tenant, planHash, inputs: inputs as JsonObject },
    };
  }

  private async commit(turn: TurnBuilder, last: boolean): Promise<Driven | 'again'> {
    const outcome = await this.committer.commit(turn, this.queue.count === 0);
    switch (outcome.kind) {
      case 'goes-on':
        if (!last) this.held.perform(turn.held);
        return 'again';
      case 'letters':
        this.queue.giveBack(turn.taken);
        this.inboxDue = true;
        return 'again';
      case 'refused':
        return this.refused(turn, outcome.message);
      case 'ended':
      case 'parked':
      case 'claim-lost':
        return outcome.kind;
    }
  }

  /** Handles data that the database refuses: the run fails with the outcomes that are known. If they are refused too, the run is halted. */
  private async refused(turn: TurnBuilder, message: string): Promise<'again' | 'halted' | 'claim-lost'> {
    this.dependencies.alarm(this.run, 'ENGINE_COMMIT_REFUSED', message);
    const left = afterRefusal(turn.taken, message);
    if (left === null)
      return (await this.dependencies.claims.halt(this.run, 'ENGINE_COMMIT_REFUSED', message))
        ? 'halted'
        : 'claim-lost';
    this.queue.giveBack(left);
    return 'again';
  }

  private arrived(arrival: Arrival): void {
    if (this.over) return;
    this.queue.push(arrival);
    this.idle.wake();
  }

  /** Waits for input, an inbox message, or the run's next timer. */
  private async arrival(): Promise<void> {
    if (this.queue.count > 0 || this.inboxDue || this.handingOver || this.position.ahead.length > 0) return;
    const wake = nextWakeAt(this.position.state);
    await this.idle.of(wake === null ? 60_000 : Math.min(60_000, Math.max(1, wake - this.dependencies.clock.now())));
  }
}

/** Halts the run with an alarm, unless another worker owns it by now. */
async function halt(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  { code, detail, altered }: Pick<Halted, 'code' | 'detail' | 'altered'>,
): Promise<'halted' | 'claim-lost'> {
  if (!(await dependencies.claims.halt(run, code, detail))) return 'claim-lost';
  dependencies.alarm(run, code, altered ? alarmOf(altered) : detail);
  return 'halted';
}

/** Waits for something, up to a limit. */
async function withTimeout(ms: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([something, late]);
  clearTimeout(timer);
}

/** Halts the run if its own records cannot be read or do not match their digests. Any other error is rethrown. */
function unreadable(error: unknown): Halted {
  if (error instanceof SyntaxError)
    return { kind: 'halted', code: 'JOURNAL_TAMPERED', detail: 'a stored document is not JSON' };
  if (isCodedError(error) && error.code === 'OBJECT_DIGEST_MISMATCH')
    return { kind: 'halted', code: 'OBJECT_DIGEST_MISMATCH', detail: error.message };
  throw error;
}
