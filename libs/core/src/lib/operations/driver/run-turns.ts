import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import type { JsonObject } from '../../foundation/json';
import { runNodeAt } from '../../plan/plan-index';
import type { InboxMessage } from '../../ports/runs/run-store';
import { nextWakeAt } from '../../run/advance';
import type { InputEventBody } from '../../run/run-event';
import { isStillRelevant } from '../../run/still-relevant';
import { compareInbox } from '../../stored/stored-inbox';
import type { Restored } from '../claimed-run/restore-run';
import type { InputQueue } from '../turn/input-queue';
import { PreCommitWindow } from '../turn/pre-commit-window';
import { afterRefusal } from '../turn/refused-turn';
import { TurnBuilder } from '../turn/turn-builder';
import { inboxArrival } from './inbox-arrival';
import type { Position } from './position';
import { isStop, type PostCommitDispatcher, type RunMeans } from './post-commit-dispatcher';
import { PreCommitCommands } from './pre-commit-commands';
import { SecretReading } from './secret-reading';
import { TurnCommitter } from './turn-committer';

/** How a turn ends the driving of its run. */
type TurnEnd = 'ended' | 'parked' | 'claim-lost' | 'halted';

/** The driver whose turns these are, in its current state. */
interface TurnOwner {
  /** True if nothing more begins here. Executions in progress may end. */
  isLeaving(): boolean;
  isHandingOver(): boolean;
  loseChildren(): void;
}

/**
 * The turns of a driver. A turn takes input, decides, performs pure commands before the commit and takes their results, commits, and then
 * passes the other commands on.
 */
export class RunTurns {
  private readonly secretReading: SecretReading;
  private readonly ahead: PreCommitCommands;
  private readonly committer: TurnCommitter;
  private inboxDue: boolean;
  /** The last inbox message that was read. Later queries return messages after it. */
  private read: number;
  /** True if a commit was refused because of a message after the last one that was read. */
  private isCounted = false;

  constructor(
    private readonly means: RunMeans,
    private readonly restored: Restored,
    private readonly position: Position,
    private readonly queue: InputQueue,
    private readonly held: PostCommitDispatcher,
    private readonly driver: TurnOwner,
  ) {
    const { run } = means;
    const { results, original } = restored;
    // The inbox position of a claim is valid only if nobody has driven the run since.
    this.inboxDue = run.untouched !== true || run.inbox === undefined || run.inbox > run.seen;
    this.read = run.seen;
    const contextOf = (of: RunProjection) => this.context(of);
    this.secretReading = new SecretReading(means, results, position, queue);
    this.ahead = new PreCommitCommands(means, original === 'gone' ? null : original, contextOf);
    this.committer = new TurnCommitter(means, restored, position, contextOf);
  }

  /** The first input of this claim. With `failed` the run ends, and none of its steps is started. */
  begin(failed: Extract<InputEventBody, { type: 'run.failed' }> | null): void {
    const { worker } = this.means.dependencies;
    for (const [step, state] of this.position.state.steps.entries()) {
      if (state.kind === 'running' && state.assignment === null)
        this.queue.push({ kind: 'fact', fact: { type: 'log.cut', step, execution: state.execution } });
    }
    const { fence, crashes, quarantine } = this.means.run;
    const { name, version, build, probe } = worker;
    this.queue.push({
      kind: 'given',
      body: { type: 'run.claimed', fence, crashes, quarantine, worker: name, version, build, probe },
    });
    this.ahead.isPoison = failed?.code === 'POISON' || this.position.state.ending?.code === 'POISON';
    if (failed !== null) this.queue.push({ kind: 'given', body: failed });
  }

  /** Reads the secrets of the run again, before its first turn. */
  readSecrets(): Promise<void> {
    return this.secretReading.atBeginning();
  }

  /** Called when the inbox may hold new messages. */
  inboxChanged(): void {
    this.inboxDue = true;
  }

  /** True if messages may wait in the inbox. */
  get isInboxDue(): boolean {
    return this.inboxDue;
  }

  /** Takes the new messages of the inbox into the input of the next turn. Rejects with `DocumentAltered` if the inbox lacks one. */
  async readInbox(): Promise<void> {
    this.inboxDue = false;
    const { dependencies, run, initiators, values, secrets, dispatcher } = this.means;
    const messages: readonly InboxMessage[] = await dependencies.claims.inboxMessages(run.tenant, run.runId, this.read);
    compareInbox(run, this.read, messages, this.isCounted);
    this.isCounted = false;
    if (messages.some(({ input }) => input.type === 'gate.decided' || input.type === 'attention.resolved'))
      await this.secretReading.beforeDecisions();
    else if (messages.some(({ input }) => input.type === 'run.cancel-requested'))
      await this.secretReading.beforeCancellation();
    this.read = messages.at(-1)?.position ?? this.read;
    for (const { postedAt } of messages) dependencies.clock.notBefore(postedAt);
    const { actors } = this.restored.index.approvalFloor;
    const rule = { initiators, selfApproval: false, ...(actors && { actors }) };
    const arrivals = messages.map((message) =>
      inboxArrival(dependencies, run, rule, values, message, secrets.redactor, (name) => dispatcher.openOf(name)),
    );
    this.queue.pushMessages(arrivals);
  }

  /** One turn. `idle`: there was nothing to do; `again`: there may be more. */
  async turn(last: boolean): Promise<TurnEnd | 'idle' | 'again'> {
    const { index, results } = this.restored;
    const { state, ahead, lastAt, lastLine, seen } = this.position;
    const at = Math.max(lastAt, this.means.dependencies.clock.now());
    const turn = new TurnBuilder(index, results.fork(), at, state, ahead, lastLine, seen);
    this.queue.takeInto(turn);
    const wake = nextWakeAt(turn.state);
    if (wake !== null && wake <= at && turn.state.phase === 'running') turn.give({ type: 'time.reached' });
    // A closing turn commits only if every inbox message has been taken.
    do if (!last && !(await this.performAhead(turn))) return 'again';
    while (this.endUnoffered(turn) || ((turn.closes || turn.ended) && this.queue.takeInto(turn)));
    turn.ahead = turn.ahead.filter((command) => isStillRelevant(turn.state, command));
    if (last || this.driver.isLeaving()) this.leaveNotStarted(turn);
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
    const window = new PreCommitWindow(turn, () => this.means.dependencies.clock.now());
    while (window.isOpen()) {
      const [command, ...rest] = turn.ahead;
      if (!command) return true;
      turn.ahead = rest;
      if (!isStillRelevant(turn.state, command)) continue;
      const body = await this.ahead.perform(turn, command);
      if (body === 'lost' || body === 'left' || (this.driver.isHandingOver() && isStop(body))) {
        this.queue.giveBack(turn.taken);
        if (body === 'lost') this.driver.loseChildren();
        return false;
      }
      await this.ahead.take(turn, body);
    }
    return true;
  }

  /** What expressions may read. `results`: committed ones, or those of a turn in progress. */
  context(results: RunProjection): BindingContext {
    const { runId, tenant, planHash, inputs } = this.means.run;
    return {
      index: this.restored.index,
      results,
      values: this.means.values.known,
      context: { runId, tenant, planHash, inputs: inputs as JsonObject },
    };
  }

  private async commit(turn: TurnBuilder, last: boolean): Promise<TurnEnd | 'again'> {
    const outcome = await this.committer.commit(turn, this.queue.count === 0);
    switch (outcome.kind) {
      case 'goes-on':
        if (!last) this.held.perform(turn.held);
        return 'again';
      case 'letters':
        this.queue.giveBack(turn.taken);
        this.inboxDue = true;
        this.isCounted = turn.seen === this.read;
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
    this.means.dependencies.alarm(this.means.run, 'ENGINE_COMMIT_REFUSED', message);
    const left = afterRefusal(turn.taken, message);
    if (left === null)
      return (await this.means.dependencies.claims.halt(this.means.run, 'ENGINE_COMMIT_REFUSED', message))
        ? 'halted'
        : 'claim-lost';
    this.queue.giveBack(left);
    return 'again';
  }
}
