import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import { isCodedError } from '../../foundation/coded-error';
import type { StepId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { GateRequest } from '../../gate/gate-request';
import { chain, type Head } from '../../journal/chain';
import { ROOT } from '../../plan/place';
import { runNodeAt, type PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/claims';
import type { Commit, OutboxEntry, RunChange } from '../../ports/committer';
import type { InboxMessage } from '../../ports/run-store';
import { isParked, nextWakeAt, waitsOf } from '../../run/advance';
import type { Command } from '../../run/command';
import { poisoning } from '../../run/poison';
import type { InputEventBody } from '../../run/run-event';
import type { RunState } from '../../run/run-state';
import { isStillRelevant } from '../../run/still-relevant';
import { SecretError } from '../../secret/secret-error';
import { PreCommitWindow } from '../turn/pre-commit-window';
import { announcementsOf, tooFewApprovers, UNSATISFIABLE } from '../delivery/announce';
import { ApprovedContext } from '../gates/approved-context';
import { InputQueue } from '../turn/input-queue';
import { macText, type DriverDependencies } from '../claimed-run/driver-dependencies';
import { Executions, executionContextOf } from '../execution/executions';
import { honourRun } from './honour-run';
import { PostCommitDispatcher, isStop, type DriverHandle } from './post-commit-dispatcher';
import { FanOutDispatcher } from './fan-out/fan-out-dispatcher';
import { inboxArrival } from './inbox-arrival';
import type { RunSecrets } from '../claimed-run/run-secrets';
import { answerQuestion, judgePolicy } from './questions';
import type { JournalValues } from '../claimed-run/journal-values';
import { alarmOf } from '../../stored/document-altered';
import type { Halted } from '../claimed-run/open-run';
import { NO_REUSE, type OriginalRun } from '../claimed-run/original-run';
import { PolicyLog } from './policy-log';
import type { Refusal } from '../claimed-run/refusal';
import { withoutOutcomes } from '../turn/refused-turn';
import { restoreRun, type Restored } from '../claimed-run/restore-run';
import { runChange } from '../turn/run-change';
import { refuseSecretInPack } from '../packs/secret-in-pack';
import { RunTime } from '../claimed-run/run-time';
import type { RunValues } from '../claimed-run/run-values';
import type { DueSnapshot, Snapshots } from '../claimed-run/snapshots';
import { stepRows } from '../turn/step-rows';
import { TurnBuilder, type Arrival } from '../turn/turn-builder';

/** `passed`: this worker cannot honour it, and has given it back. */
export type Driven = 'ended' | 'parked' | 'claim-lost' | 'halted' | 'handed-over' | 'passed';

/** A run that would wait less than this keeps its driver. */
const PARK_AFTER_MS = 1_000;
const ORIGINAL_GONE: Refusal = {
  code: 'ORIGINAL_GONE',
  message: 'the run that this one does again is not kept any more',
};

/** How long a hand-over waits for dispatches to other workers: what is not dispatched then begins here, and is stopped at once. */
const DISPATCH_MS = 4_000;
/** How long a hand-over waits for its children; their supervisor ends them in any case. */
const HAND_OVER_MS = 20_000;

/**
 * Drives one claimed run until it ends, waits, or is no longer ours (engine.md §2). A driver works in turns: take what has
 * arrived, decide, perform what may run ahead and take its results into the same turn, commit, then perform the rest. No
 * step is acknowledged, and nothing that is not pure starts, before its commit has returned this run.
 */
export class RunDriver {
  private readonly queue = new InputQueue();
  private readonly executions: Executions;
  private readonly dispatcher: FanOutDispatcher;
  private readonly held: PostCommitDispatcher;
  private readonly policyLog: PolicyLog;
  private readonly topSteps = new Set<StepId>();
  private wakeUp: () => void = () => undefined;
  private inboxDue: boolean;
  /** The last inbox message that was read; what is seen comes after it. */
  private read: number;
  /** Its process has died of it: nothing of it is looked at that need not be. */
  private isPoison = false;
  private handingOver = false;
  /** Nothing more begins here; what is under way may end. */
  private leaving = false;
  private lost = false;
  private over = false;
  /** The journal has taken this claim. */
  private begun = false;
  private waitsUntil: NodeJS.Timeout | undefined;

  private constructor(
    private readonly dependencies: DriverDependencies & { readonly clock: RunTime },
    private readonly run: ClaimedRun,
    private readonly index: PlanIndex,
    private readonly initiators: Restored['admission']['initiators'],
    private readonly values: RunValues,
    private readonly results: RunProjection,
    private readonly secrets: RunSecrets,
    private readonly original: OriginalRun | null,
    private state: RunState,
    private head: Head,
    private lastAt: number,
    private lastLine: number,
    private seen: number,
    private readonly journal: JournalValues,
    private readonly snapshots: Snapshots,
    private ahead: readonly Command[] = [],
  ) {
    // What a claim saw of the inbox holds only for a run that nobody has driven since.
    this.inboxDue = run.untouched !== true || run.inbox === undefined || run.inbox > seen;
    this.read = seen;
    this.executions = new Executions(dependencies, run, values, secrets, (fact) =>
      this.arrived({ kind: 'fact', fact }),
    );
    this.dispatcher = new FanOutDispatcher(dependencies, run, index, values, state);
    this.policyLog = new PolicyLog(dependencies, run, index);
    const { executions, dispatcher, policyLog } = this;
    const approved = new ApprovedContext(index, results, values);
    this.held = new PostCommitDispatcher(
      { dependencies, run, initiators, values, secrets, executions, dispatcher, approved, policyLog },
      this.driver(),
    );
  }

  /**
   * Restores a claimed run. One whose records do not agree is halted, and there is no driver; nor is there one if they do not agree since
   * another owner writes them, or if this worker cannot honour what the run was admitted with. With a `refusal` the run ends with its code, and none of its steps is started.
   */
  static async open(
    dependencies: DriverDependencies,
    run: ClaimedRun,
    refusal: Refusal | null = null,
  ): Promise<RunDriver | 'halted' | 'claim-lost' | 'passed'> {
    const restored = await restoreRun(dependencies, run).catch(unreadable);
    if (restored.kind === 'halted') return halt(dependencies, run, restored);
    const refused = refusal ?? (await honourRun(dependencies, run, restored));
    if (refused === 'passed') return 'passed';
    const { index, admission, values, results, secrets, original, state, head, lastAt, lastLine, journal, snapshots } =
      restored;
    const stopped = refused ?? (original === 'gone' ? ORIGINAL_GONE : null);
    const goesOn = lastAt > 0 ? lastAt : Date.parse(admission.acceptedAt);
    const driver = new RunDriver(
      {
        ...dependencies,
        clock: RunTime.after(dependencies.clock, goesOn, lastAt > 0 ? (run.committedAt ?? null) : null),
      },
      run,
      index,
      admission.initiators,
      values,
      results,
      secrets,
      original === 'gone' ? null : original,
      state,
      head,
      lastAt,
      lastLine,
      run.seen,
      journal,
      snapshots,
    );
    const failed =
      poisoning(run.crashes, state) ?? (stopped && ({ type: 'run.failed', step: null, ...stopped } as const));
    driver.begin(failed);
    if (failed === null) await driver.readSecrets();
    return driver;
  }

  /** This driver, for those that perform what it has committed. */
  private driver(): DriverHandle {
    return {
      state: () => this.state,
      lastAt: () => this.lastAt,
      isLeaving: () => this.leaving || this.handingOver,
      context: () => this.context(this.results),
      arrived: (arrival) => this.arrived(arrival),
      handOver: () => this.handOver(),
      loseChildren: () => this.loseChildren(),
      left: () => this.wakeUp(),
    };
  }

  /** The inbox may hold new messages. */
  inboxChanged(): void {
    this.inboxDue = true;
    this.wakeUp();
  }

  /** True if it was handed over because children were lost (their supervisor's deadline has passed), and nobody asked for it. */
  get lostChildren(): boolean {
    return this.lost;
  }

  /**
   * Its worker leaves: nothing more begins here that acts outside, what is under way may end, and then the run is handed over. What was
   * to begin the next owner begins.
   */
  leave(): void {
    this.leaving = true;
    this.wakeUp();
  }

  /** The time of a worker that leaves is short: steps that may begin again elsewhere are told to stop. Which, as `step#execution`. */
  giveUpIdempotent(): readonly string[] {
    return this.executions.giveUp();
  }

  /** What is under way in this process and was not told to stop, as `step#execution`. */
  get underWay(): readonly string[] {
    return this.executions.names;
  }

  /** Stops without a decision: children are told to stop, the next owner takes over. */
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
    this.executions.abandon('hand-over');
    // What waits for the object store is waited for as long as children are.
    this.waitsUntil ??= setTimeout(() => this.values.giveUp(), HAND_OVER_MS);
    this.wakeUp();
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
      this.executions.abandon('over');
      this.values.giveUp();
    }
  }

  /** Nothing of it is under way here, and nothing that has come waits for a turn. */
  private isQuiet(): boolean {
    return this.executions.count + this.queue.count + this.ahead.length === 0 && !this.inboxDue && !this.held.isBusy;
  }

  /** What has already come counts: children are told to stop and waited for, then last turns take every result that came before. */
  private async finishHandOver(): Promise<Driven> {
    await withTimeout(DISPATCH_MS, this.held.dispatchesSettled());
    await this.executions.settled(HAND_OVER_MS);
    this.values.giveUp();
    while (this.queue.count > 0) {
      // A turn that closes something asks for the inbox messages that came before.
      if (this.inboxDue) await this.readInbox();
      const driven = await this.turn(true);
      if (driven !== 'again' && driven !== 'idle') return driven;
    }
    return 'handed-over';
  }

  private begin(failed: Extract<InputEventBody, { type: 'run.failed' }> | null): void {
    const { worker } = this.dependencies;
    for (const [step, state] of this.state.steps.entries()) {
      if (state.kind === 'running' && state.assignment === null)
        this.queue.push({ kind: 'fact', fact: { type: 'log.cut', step, execution: state.execution } });
    }
    for (const [step] of this.results.all()) if (!step.includes('::') && step !== ROOT) this.topSteps.add(step);
    const { fence, crashes, quarantine } = this.run;
    const { name, version, build, probe } = worker;
    this.queue.push({
      kind: 'given',
      body: { type: 'run.claimed', fence, crashes, quarantine, worker: name, version, build, probe },
    });
    this.isPoison = failed?.code === 'POISON' || this.state.ending?.code === 'POISON';
    if (failed !== null) this.queue.push({ kind: 'given', body: failed });
  }

  /**
   * Which secrets a run begins with stands in its first page: committed before anything starts, noted before any gate opens. A run in whose
   * pack one of them stands ends with that page.
   */
  private async readSecrets(): Promise<void> {
    const { secrets, results } = this;
    if (secrets.names.every((name) => results.secretVersion(name) !== null)) return;
    if (await this.neverBegins()) return;
    try {
      for (const { name, version } of await secrets.readAll()) {
        if (results.secretVersion(name) !== null) continue;
        this.queue.push({ kind: 'fact', fact: { type: 'note', code: 'SECRET_VERSION', detail: { name, version } } });
      }
      await refuseSecretInPack(this.dependencies, this.run, secrets.redactor);
    } catch (error) {
      this.failFor(error);
    }
  }

  /** True if the run was cancelled before it began. */
  private async neverBegins(): Promise<boolean> {
    if (this.state.phase !== 'queued') return false;
    const messages = await this.dependencies.claims.inboxMessages(this.run.tenant, this.run.runId, this.seen);
    return messages.some(({ input }) => input.type === 'run.cancel-requested');
  }

  /** Without its secrets a run fails. */
  private failFor(error: unknown): void {
    if (!SecretError.is(error)) throw error;
    const { code, message } = error;
    this.dependencies.alarm(this.run, code, message);
    this.queue.push({ kind: 'given', body: { type: 'run.failed', code, step: null, message } });
  }

  private async readInbox(): Promise<void> {
    this.inboxDue = false;
    const messages: readonly InboxMessage[] = await this.dependencies.claims.inboxMessages(
      this.run.tenant,
      this.run.runId,
      this.read,
    );
    if (messages.some(({ input }) => input.type === 'gate.decided' || input.type === 'attention.resolved'))
      await this.learnSecrets();
    else if (messages.some(({ input }) => input.type === 'run.cancel-requested')) await this.recallSecrets();
    this.read = messages.at(-1)?.position ?? this.read;
    for (const { postedAt } of messages) this.dependencies.clock.notBefore(postedAt);
    const { actors } = this.index.approvalFloor;
    const rule = { initiators: this.initiators, selfApproval: false, ...(actors && { actors }) };
    const arrivals = messages.map((message) =>
      inboxArrival(this.dependencies, this.run, rule, this.values, message, this.secrets.redactor, (name) =>
        this.dispatcher.openOf(name),
      ),
    );
    this.queue.pushMessages(arrivals);
  }

  /** What people typed is looked through for them: an owner that has started nothing yet does not know them. */
  private async learnSecrets(): Promise<void> {
    try {
      await this.secrets.readAll();
    } catch (error) {
      this.failFor(error);
    }
  }

  /** The reason of a cancellation loses them: those that the run has begun with, as far as they can be had now. A cancellation waits for nothing. */
  private async recallSecrets(): Promise<void> {
    const { secrets, results } = this;
    if (secrets.names.every((name) => results.secretVersion(name) === null)) return;
    await secrets.readAll().catch((error: unknown) => {
      if (!SecretError.is(error)) throw error;
    });
  }

  /** One turn: `idle` if there was nothing to do, `again` if there may be more. */
  private async turn(last = false): Promise<Driven | 'idle' | 'again'> {
    const at = Math.max(this.lastAt, this.dependencies.clock.now());
    const turn = new TurnBuilder(this.index, this.results.fork(), at, this.state, this.ahead, this.lastLine, this.seen);
    this.queue.takeInto(turn);
    const wake = nextWakeAt(turn.state);
    if (wake !== null && wake <= at && turn.state.phase === 'running') turn.give({ type: 'time.reached' });
    // What closes commits only where every inbox message is taken, whatever closed it.
    do if (!last && !(await this.performAhead(turn))) return 'again';
    while (this.endUnoffered(turn) || ((turn.closes || turn.ended) && this.queue.takeInto(turn)));
    turn.ahead = turn.ahead.filter((command) => isStillRelevant(turn.state, command));
    if (last || this.leaving) this.leaveNotStarted(turn);
    if (turn.entries.length === 0) {
      this.seen = turn.seen;
      return 'idle';
    }
    return this.commit(turn, last);
  }

  /**
   * What was to be dispatched and is stopped in the same turn has no row that anybody could hold: it is over with the turn, or an owner
   * who takes the run over would wait for its answer. True if there was any.
   */
  private endUnoffered(turn: TurnBuilder): boolean {
    const over = this.dispatcher.undispatched(turn);
    for (const { step, execution } of over) {
      turn.forgetStop(step, execution);
      turn.give({ type: 'attempt.stopped', step, execution, unknown: false });
    }
    return over.length > 0;
  }

  /** What the turn of a driver that leaves starts, nobody begins: the next owner need neither ask what it did nor let it begin too late. */
  private leaveNotStarted(turn: TurnBuilder): void {
    for (const command of [...turn.held]) {
      const { step } = command;
      if (command.type !== 'start' || !isStillRelevant(turn.state, command)) continue;
      if (runNodeAt(this.index, step).effects !== 'pure')
        turn.give({ type: 'attempt.unbegun', step, execution: command.execution });
    }
  }

  /** False if the run is being handed over: the turn is dropped, nothing of it was seen. */
  private async performAhead(turn: TurnBuilder): Promise<boolean> {
    const window = new PreCommitWindow(turn, () => this.dependencies.clock.now());
    while (window.isOpen()) {
      const [command, ...rest] = turn.ahead;
      if (!command) return true;
      turn.ahead = rest;
      if (!isStillRelevant(turn.state, command)) continue;
      const body = await this.performOne(turn, command);
      if (body === 'lost' || body === 'left' || (this.handingOver && isStop(body))) {
        this.queue.giveBack(turn.taken);
        if (body === 'lost') this.loseChildren();
        return false;
      }
      if (body.type === 'policy.judged') await this.logVerdict(turn, body);
      turn.give(body);
      if (body.type === 'question.answered') this.noteUnsatisfiable(turn, body);
    }
    return true;
  }

  /** Before the verdict: nothing follows the end of a run. */
  private async logVerdict(
    turn: TurnBuilder,
    judged: Extract<InputEventBody, { type: 'policy.judged' }>,
  ): Promise<void> {
    const fact = await this.policyLog.write(judged);
    if (fact) turn.record(fact);
  }

  /** A gate that too few of the configured people may decide waits for nothing: that is journaled, announced and alarmed. */
  private noteUnsatisfiable(
    turn: TurnBuilder,
    { answer, step }: Extract<InputEventBody, { type: 'question.answered' }>,
  ): void {
    if (answer.kind !== 'gate' || turn.state.steps.get(step)?.kind !== 'waiting') return;
    const request = this.values.known.get(answer.gateDigest) as unknown as GateRequest;
    const eligible = tooFewApprovers(this.dependencies.announcing.people, this.initiators, request);
    if (eligible === null) return;
    const detail = { gate: step, eligible, required: request.requirement.minApprovals };
    turn.record({ type: 'note', code: UNSATISFIABLE, detail });
    this.dependencies.alarm(this.run, UNSATISFIABLE, detail);
  }

  private async performOne(turn: TurnBuilder, command: Command): Promise<InputEventBody | 'lost' | 'left'> {
    const context = this.context(turn.results);
    switch (command.type) {
      case 'answer': {
        if (this.isPoison) return unanswered(command);
        if (command.question === 'reuse') return this.reuse(turn, command.step);
        const { profileDigest, admissionDigest } = this.run;
        const nonce = command.question === 'gate' ? this.dependencies.nonce() : '';
        const { body, values, gate } = await answerQuestion(context, this.values, command, {
          at: turn.at,
          nonce,
          profileDigest,
          admissionDigest,
        });
        for (const digest of values) turn.needs(digest);
        if (gate) turn.rendered.set(command.step, gate);
        return body;
      }
      case 'judge':
        return judgePolicy(() => context, this.values, command, turn.at, this.initiators, this.dependencies.judges);
      case 'start':
        return this.executions.execute(
          executionContextOf(() => context),
          command,
        );
      case 'stop':
        throw new TypeError('a stop never runs ahead');
    }
  }

  /** What of the original a leaf takes over, if it does; its artifacts and its value come along. */
  private async reuse(turn: TurnBuilder, step: StepId): Promise<InputEventBody> {
    const { answer, facts, value } = this.original?.takeOver(turn.results, step) ?? NO_REUSE;
    await this.values.adopt(answer.outputs, value);
    for (const fact of facts) turn.record(fact);
    turn.needs(answer.outputs);
    return { type: 'question.answered', step, question: 'reuse', answer };
  }

  private context(results: RunProjection): BindingContext {
    const { runId, tenant, planHash, inputs } = this.run;
    return {
      index: this.index,
      results,
      values: this.values.known,
      context: { runId, tenant, planHash, inputs: inputs as JsonObject },
    };
  }

  /** Logs of closed sockets lie in the object store under digests that the journal alone names: they must outlive the sweep until the seal. */
  private async noteStored({ entries }: TurnBuilder): Promise<void> {
    const logs = entries.flatMap(({ event }) => (event.type === 'egress.closed' ? [event.log] : []));
    if (logs.length > 0) await this.dependencies.references.need(this.run.tenant, this.run.runId, logs);
  }

  private async commit(turn: TurnBuilder, last: boolean): Promise<Driven | 'idle' | 'again'> {
    const { run } = this;
    const ended = turn.ended;
    const wake = nextWakeAt(turn.state);
    const parked =
      !ended &&
      turn.ahead.length === 0 &&
      this.queue.count === 0 &&
      isParked(turn.state) &&
      this.executions.count === 0;
    const parks = parked && (wake === null || wake - turn.at > PARK_AFTER_MS);
    await this.noteStored(turn);
    const snapshot = ended ? null : await this.snapshotDue(turn.at);
    const entries = snapshot ? [snapshot.entry, ...turn.entries] : turn.entries;
    const { page, head, text } = chain(this.head, entries, await this.values.pageValues(turn.values));
    for (const [step, { kind }] of turn.changed)
      if (step !== ROOT && kind !== 'pending' && !step.includes('::')) this.topSteps.add(step);
    const steps = await stepRows(turn, this.context(turn.results), this.values);
    const assignments = this.dispatcher.changes(turn);
    const commit: Commit = {
      tenant: run.tenant,
      runId: run.runId,
      fence: run.fence,
      prevSeq: this.head.seq,
      page,
      isSnapshot: snapshot !== null,
      entriesText: text,
      mac: this.dependencies.mac(macText(run.runId, head.seq, head.hash, run.fence)),
      steps,
      gates: turn.gates,
      artifacts: turn.artifacts,
      chunks: turn.chunks,
      seen: turn.seen,
      closes: ended || parks || turn.closes,
      releases: ended || parks,
      dueAt: ended || !parks || wake === null ? null : this.dependencies.clock.inDatabase(wake),
      outbox: [
        ...(ended ? [{ kind: 'attest', body: { runId: run.runId } } as const] : []),
        ...announcementsOf({
          announcing: this.dependencies.announcing,
          index: this.index,
          results: turn.results,
          tenant: run.tenant,
          entries,
          first: page.first,
        }).map((entry) => this.dueInDatabase(entry)),
      ],
      run: this.change(turn, parked),
      ...(assignments ? { assignments } : {}),
    };
    const committed = await this.dependencies.committer.commit(commit);
    switch (committed.kind) {
      case 'committed':
        if (snapshot) {
          this.snapshots.written(page.first, snapshot);
          this.results.settle();
        }
        this.journal.note(page);
        this.accept(turn, head);
        if (ended) return 'ended';
        if (parks) return 'parked';
        if (!last) this.held.perform(turn.held);
        return 'again';
      case 'claim-lost':
        return 'claim-lost';
      case 'letters':
        this.queue.giveBack(turn.taken);
        this.inboxDue = true;
        return 'again';
      case 'refused':
        return this.refused(turn, committed.message);
    }
  }

  /** The database refuses this turn's data: outcomes are dropped, and the run ends. If it refuses what is left too, the run is halted. */
  private async refused(turn: TurnBuilder, message: string): Promise<'again' | 'halted' | 'claim-lost'> {
    this.dependencies.alarm(this.run, 'ENGINE_COMMIT_REFUSED', message);
    const left = withoutOutcomes(turn.taken, this.state, message);
    if (left === null)
      return (await this.dependencies.claims.halt(this.run, 'ENGINE_COMMIT_REFUSED', message))
        ? 'halted'
        : 'claim-lost';
    this.queue.giveBack(left);
    return 'again';
  }

  /** What a snapshot says of the fence, the journal must have said: none is due before it has taken this claim. */
  private async snapshotDue(at: number): Promise<DueSnapshot | null> {
    if (!this.begun) return null;
    const { state, results, lastLine } = this;
    return this.snapshots.due(this.head.seq, at, { state, results, lastLine, fence: this.run.fence });
  }

  private accept(turn: TurnBuilder, head: Head): void {
    this.begun = true;
    this.state = turn.state;
    this.dispatcher.committed(turn);
    this.results.absorb(turn.results);
    this.values.committed(turn.values);
    this.head = head;
    this.lastAt = turn.at;
    this.lastLine = turn.lastLine;
    this.seen = turn.seen;
    this.ahead = turn.ahead;
    for (const { event } of turn.entries) {
      if (event.type === 'log') this.executions.numbered(event.step, event.execution, event.bytes);
    }
  }

  private dueInDatabase(entry: OutboxEntry): OutboxEntry {
    if (entry.kind === 'attest' || entry.dueAt === null) return entry;
    return { ...entry, dueAt: this.dependencies.clock.inDatabase(entry.dueAt) };
  }

  private change(turn: TurnBuilder, parked: boolean): RunChange {
    const waits = turn.ended ? [] : waitsOf(this.index, turn.state);
    const result = turn.state.result;
    const outputs = result?.outputs?.kind === 'value' ? (this.values.known.get(result.outputs.digest) ?? null) : null;
    return runChange({ index: this.index, turn, parked, waits, outputs, topSteps: this.topSteps });
  }

  private arrived(arrival: Arrival): void {
    if (this.over) return;
    this.queue.push(arrival);
    this.wakeUp();
  }

  /** Waits for an arrival, an inbox message, or the next moment the run must be told of. */
  private async arrival(): Promise<void> {
    if (this.queue.count > 0 || this.inboxDue || this.handingOver || this.ahead.length > 0) return;
    const wake = nextWakeAt(this.state);
    await new Promise<void>((resolve) => {
      const delay = wake === null ? 60_000 : Math.min(60_000, Math.max(1, wake - this.dependencies.clock.now()));
      const timer = setTimeout(resolve, delay);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wakeUp = () => undefined;
  }
}

/** Out of circulation, with an alarm: unless it is another's by now, whose records are not for us to judge. */
async function halt(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  { code, detail, altered }: Pick<Halted, 'code' | 'detail' | 'altered'>,
): Promise<'halted' | 'claim-lost'> {
  if (!(await dependencies.claims.halt(run, code, detail))) return 'claim-lost';
  dependencies.alarm(run, code, altered ? alarmOf(altered) : detail);
  return 'halted';
}

/** Waits for something, so long at most. */
async function withTimeout(ms: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([something, late]);
  clearTimeout(timer);
}

/** What a run's process died of may be what this asks for: it is not looked at again. */
function unanswered({ step, question }: Extract<Command, { type: 'answer' }>): InputEventBody {
  const answer = { kind: 'fault', code: 'POISON', message: 'its run has killed its process' } as const;
  return { type: 'question.answered', step, question, answer };
}

/** Own records that cannot be read, or whose bytes are not those that their digests name, halt the run; anything else is thrown on. */
function unreadable(error: unknown): Halted {
  if (error instanceof SyntaxError)
    return { kind: 'halted', code: 'JOURNAL_TAMPERED', detail: 'a stored document is not JSON' };
  if (isCodedError(error) && error.code === 'OBJECT_DIGEST_MISMATCH')
    return { kind: 'halted', code: 'OBJECT_DIGEST_MISMATCH', detail: error.message };
  throw error;
}
