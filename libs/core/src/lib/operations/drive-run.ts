import type { Results } from '../binding/results';
import type { Sight } from '../binding/scope';
import { isCodedError } from '../foundation/coded-error';
import type { StepId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { GateRequest } from '../gate/gate-request';
import { chain, type Head } from '../journal/chain';
import { ROOT } from '../plan/place';
import { runNodeAt, type PlanIndex } from '../plan/plan-index';
import type { ClaimedRun } from '../ports/claims';
import type { Commit, OutboxEntry, RunChange } from '../ports/committer';
import type { Letter } from '../ports/run-store';
import { isParked, nextWakeAt, waitsOf } from '../run/advance';
import type { Command } from '../run/command';
import { poisoning } from '../run/poison';
import type { GivenBody } from '../run/run-event';
import type { RunState } from '../run/run-state';
import { isWanted } from '../run/wanted';
import { SecretError } from '../secret/secret-error';
import { AheadWindow } from './ahead-window';
import { announcementsOf, tooFewApprovers, UNSATISFIABLE } from './announce';
import { ApprovedContext } from './approved-context';
import { Arrivals } from './arrivals';
import { macText, type DriverHands } from './driver-hands';
import { Executions, groundOf } from './executions';
import { honourRun } from './honour-run';
import { HeldCommands, isStop, type Driving } from './held-commands';
import { Lender } from './lender';
import { letterArrival } from './letter-arrival';
import type { RunSecrets } from './run-secrets';
import { answerQuestion, judgePolicy } from './questions';
import type { JournalValues } from './journal-values';
import { alarmOf } from '../stored/document-altered';
import type { Halted } from './open-run';
import { NOTHING_TAKEN, type OriginalRun } from './original-run';
import { PolicyLog } from './policy-log';
import type { Refusal } from './refusal';
import { withoutOutcomes } from './refused-turn';
import { restoreRun, type Restored } from './restore-run';
import { runChange } from './run-change';
import { refuseSecretInPack } from './secret-in-pack';
import { RunTime } from './run-time';
import type { RunValues } from './run-values';
import type { DueSnapshot, Snapshots } from './snapshots';
import { stepRows } from './step-rows';
import { Draught, type Arrival } from './turn';

/** `passed`: this worker cannot honour it, and has given it back. */
export type Driven = 'ended' | 'parked' | 'claim-lost' | 'halted' | 'handed-over' | 'passed';

/** A run that would wait less than this keeps its driver. */
const PARK_AFTER_MS = 1_000;
const ORIGINAL_GONE: Refusal = {
  code: 'ORIGINAL_GONE',
  message: 'the run that this one does again is not kept any more',
};

/** How long a hand-over waits for what is on its way to other workers: what is not lent then begins here, and is told that it does not. */
const LENDS_MS = 4_000;
/** How long a hand-over waits for its children; their supervisor ends them in any case. */
const HAND_OVER_MS = 20_000;

/**
 * Drives one claimed run until it ends, waits, or is no longer ours (engine.md §2). A driver works in turns: take what has
 * arrived, decide, perform what may run ahead and take its results into the same turn, commit, then perform the rest. No
 * step is acknowledged, and nothing that is not pure starts, before its commit has returned this run.
 */
export class RunDriver {
  private readonly arrivals = new Arrivals();
  private readonly executions: Executions;
  private readonly lender: Lender;
  private readonly held: HeldCommands;
  private readonly policyLog: PolicyLog;
  private readonly topSteps = new Set<StepId>();
  private wakeUp: () => void = () => undefined;
  private mailDue: boolean;
  /** The last letter that was read; what is seen comes after it. */
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
    private readonly hands: DriverHands & { readonly clock: RunTime },
    private readonly run: ClaimedRun,
    private readonly x: PlanIndex,
    private readonly initiators: Restored['admission']['initiators'],
    private readonly values: RunValues,
    private readonly results: Results,
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
    this.mailDue = run.untouched !== true || run.inbox === undefined || run.inbox > seen;
    this.read = seen;
    this.executions = new Executions(hands, run, values, secrets, (fact) => this.arrived({ kind: 'fact', fact }));
    this.lender = new Lender(hands, run, x, values, state);
    this.policyLog = new PolicyLog(hands, run, x);
    const { executions, lender, policyLog } = this;
    const approved = new ApprovedContext(x, results, values);
    this.held = new HeldCommands(
      { hands, run, initiators, values, secrets, executions, lender, approved, policyLog },
      this.driving(),
    );
  }

  /**
   * Restores a claimed run. One whose records do not agree is halted, and there is no driver; nor is there one if they do not agree since
   * another owner writes them, or if this worker cannot honour what the run was admitted with. With a `refusal` the run ends with its code, and none of its steps is started.
   */
  static async open(
    hands: DriverHands,
    run: ClaimedRun,
    refusal: Refusal | null = null,
  ): Promise<RunDriver | 'halted' | 'claim-lost' | 'passed'> {
    const restored = await restoreRun(hands, run).catch(unreadable);
    if (restored.kind === 'halted') return halt(hands, run, restored);
    const refused = refusal ?? (await honourRun(hands, run, restored));
    if (refused === 'passed') return 'passed';
    const { x, admission, values, results, secrets, original, state, head, lastAt, lastLine, journal, snapshots } =
      restored;
    const stopped = refused ?? (original === 'gone' ? ORIGINAL_GONE : null);
    const goesOn = lastAt > 0 ? lastAt : Date.parse(admission.acceptedAt);
    const driver = new RunDriver(
      { ...hands, clock: RunTime.after(hands.clock, goesOn, lastAt > 0 ? (run.committedAt ?? null) : null) },
      run,
      x,
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
  private driving(): Driving {
    return {
      state: () => this.state,
      lastAt: () => this.lastAt,
      isLeaving: () => this.leaving || this.handingOver,
      sight: () => this.sight(this.results),
      arrived: (arrival) => this.arrived(arrival),
      handOver: () => this.handOver(),
      loseChildren: () => this.loseChildren(),
      left: () => this.wakeUp(),
    };
  }

  /** There are letters, perhaps. */
  mail(): void {
    this.mailDue = true;
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
        if (this.mailDue) await this.readLetters();
        const driven = await this.turn();
        if (driven === 'again') continue;
        if (driven !== 'idle') return driven;
        if (this.leaving && this.isQuiet()) this.handOver();
        else await this.arrival();
      }
    } catch (error) {
      return await halt(this.hands, this.run, unreadable(error));
    } finally {
      this.over = true;
      clearTimeout(this.waitsUntil);
      this.executions.abandon('over');
      this.values.giveUp();
    }
  }

  /** Nothing of it is under way here, and nothing that has come waits for a turn. */
  private isQuiet(): boolean {
    return this.executions.count + this.arrivals.count + this.ahead.length === 0 && !this.mailDue && !this.held.isBusy;
  }

  /** What has already come counts: children are told to stop and waited for, then last turns take every result that came before. */
  private async finishHandOver(): Promise<Driven> {
    await within(LENDS_MS, this.held.lendsSettled());
    await this.executions.settled(HAND_OVER_MS);
    this.values.giveUp();
    while (this.arrivals.count > 0) {
      // A turn that closes something asks for the letters that came before.
      if (this.mailDue) await this.readLetters();
      const driven = await this.turn(true);
      if (driven !== 'again' && driven !== 'idle') return driven;
    }
    return 'handed-over';
  }

  private begin(failed: Extract<GivenBody, { type: 'run.failed' }> | null): void {
    const { worker } = this.hands;
    for (const [step, state] of this.state.steps.entries()) {
      if (state.kind === 'running' && state.assignment === null)
        this.arrivals.push({ kind: 'fact', fact: { type: 'log.cut', step, execution: state.execution } });
    }
    for (const [step] of this.results.all()) if (!step.includes('::') && step !== ROOT) this.topSteps.add(step);
    const { fence, crashes, quarantine } = this.run;
    const { name, version, build, probe } = worker;
    this.arrivals.push({
      kind: 'given',
      body: { type: 'run.claimed', fence, crashes, quarantine, worker: name, version, build, probe },
    });
    this.isPoison = failed?.code === 'POISON' || this.state.ending?.code === 'POISON';
    if (failed !== null) this.arrivals.push({ kind: 'given', body: failed });
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
        this.arrivals.push({ kind: 'fact', fact: { type: 'note', code: 'SECRET_VERSION', detail: { name, version } } });
      }
      await refuseSecretInPack(this.hands, this.run, secrets.redactor);
    } catch (error) {
      this.failFor(error);
    }
  }

  /** True if the run was cancelled before it began. */
  private async neverBegins(): Promise<boolean> {
    if (this.state.phase !== 'queued') return false;
    const letters = await this.hands.claims.letters(this.run.tenant, this.run.runId, this.seen);
    return letters.some(({ given }) => given.type === 'run.cancel-requested');
  }

  /** Without its secrets a run fails. */
  private failFor(error: unknown): void {
    if (!SecretError.is(error)) throw error;
    const { code, message } = error;
    this.hands.alarm(this.run, code, message);
    this.arrivals.push({ kind: 'given', body: { type: 'run.failed', code, step: null, message } });
  }

  private async readLetters(): Promise<void> {
    this.mailDue = false;
    const letters: readonly Letter[] = await this.hands.claims.letters(this.run.tenant, this.run.runId, this.read);
    if (letters.some(({ given }) => given.type === 'gate.decided' || given.type === 'attention.resolved'))
      await this.learnSecrets();
    else if (letters.some(({ given }) => given.type === 'run.cancel-requested')) await this.recallSecrets();
    this.read = letters.at(-1)?.position ?? this.read;
    for (const { postedAt } of letters) this.hands.clock.notBefore(postedAt);
    const { actors } = this.x.approvalFloor;
    const rule = { initiators: this.initiators, selfApproval: false, ...(actors && { actors }) };
    const arrivals = letters.map((letter) =>
      letterArrival(this.hands, this.run, rule, this.values, letter, this.secrets.redactor, (name) =>
        this.lender.openOf(name),
      ),
    );
    this.arrivals.letters(arrivals);
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
    const at = Math.max(this.lastAt, this.hands.clock.now());
    const draught = new Draught(this.x, this.results.fork(), at, this.state, this.ahead, this.lastLine, this.seen);
    this.arrivals.takeInto(draught);
    const wake = nextWakeAt(draught.state);
    if (wake !== null && wake <= at && draught.state.phase === 'running') draught.give({ type: 'time.reached' });
    // What closes commits only where every letter is taken, whatever closed it.
    do if (!last && !(await this.performAhead(draught))) return 'again';
    while (this.endUnoffered(draught) || ((draught.closes || draught.ended) && this.arrivals.takeInto(draught)));
    draught.ahead = draught.ahead.filter((command) => isWanted(draught.state, command));
    if (last || this.leaving) this.leaveUnbegun(draught);
    if (draught.entries.length === 0) {
      this.seen = draught.seen;
      return 'idle';
    }
    return this.commit(draught, last);
  }

  /**
   * What was to be offered and is told to stop in the same turn has no row that anybody could hold: it is over with the turn, or an owner
   * who takes the run over would wait for its answer. True if there was any.
   */
  private endUnoffered(draught: Draught): boolean {
    const over = this.lender.unoffered(draught);
    for (const { step, execution } of over) {
      draught.forgetStop(step, execution);
      draught.give({ type: 'attempt.stopped', step, execution, unknown: false });
    }
    return over.length > 0;
  }

  /** What the turn of a driver that leaves starts, nobody begins: the next owner need neither ask what it did nor let it begin too late. */
  private leaveUnbegun(draught: Draught): void {
    for (const command of [...draught.held]) {
      const { step } = command;
      if (command.type !== 'start' || !isWanted(draught.state, command)) continue;
      if (runNodeAt(this.x, step).effects !== 'pure')
        draught.give({ type: 'attempt.unbegun', step, execution: command.execution });
    }
  }

  /** False if the run is being handed over: the turn is dropped, nothing of it was seen. */
  private async performAhead(draught: Draught): Promise<boolean> {
    const window = new AheadWindow(draught, () => this.hands.clock.now());
    while (window.isOpen()) {
      const [command, ...rest] = draught.ahead;
      if (!command) return true;
      draught.ahead = rest;
      if (!isWanted(draught.state, command)) continue;
      const body = await this.performOne(draught, command);
      if (body === 'lost' || body === 'left' || (this.handingOver && isStop(body))) {
        this.arrivals.giveBack(draught.taken);
        if (body === 'lost') this.loseChildren();
        return false;
      }
      if (body.type === 'policy.judged') await this.logVerdict(draught, body);
      draught.give(body);
      if (body.type === 'question.answered') this.noteUnsatisfiable(draught, body);
    }
    return true;
  }

  /** Before the verdict: nothing follows the end of a run. */
  private async logVerdict(draught: Draught, judged: Extract<GivenBody, { type: 'policy.judged' }>): Promise<void> {
    const fact = await this.policyLog.write(judged);
    if (fact) draught.record(fact);
  }

  /** A gate that too few of the configured people may decide waits for nothing: that is journaled, announced and alarmed. */
  private noteUnsatisfiable(
    draught: Draught,
    { answer, step }: Extract<GivenBody, { type: 'question.answered' }>,
  ): void {
    if (answer.kind !== 'gate' || draught.state.steps.get(step)?.kind !== 'waiting') return;
    const request = this.values.known.get(answer.gateDigest) as unknown as GateRequest;
    const eligible = tooFewApprovers(this.hands.announcing.people, this.initiators, request);
    if (eligible === null) return;
    const detail = { gate: step, eligible, required: request.requirement.minApprovals };
    draught.record({ type: 'note', code: UNSATISFIABLE, detail });
    this.hands.alarm(this.run, UNSATISFIABLE, detail);
  }

  private async performOne(draught: Draught, command: Command): Promise<GivenBody | 'lost' | 'left'> {
    const sight = this.sight(draught.results);
    switch (command.type) {
      case 'answer': {
        if (this.isPoison) return unanswered(command);
        if (command.question === 'reuse') return this.reuse(draught, command.step);
        const { profileDigest, admissionDigest } = this.run;
        const nonce = command.question === 'gate' ? this.hands.nonce() : '';
        const { body, values, gate } = await answerQuestion(sight, this.values, command, {
          at: draught.at,
          nonce,
          profileDigest,
          admissionDigest,
        });
        for (const digest of values) draught.needs(digest);
        if (gate) draught.rendered.set(command.step, gate);
        return body;
      }
      case 'judge':
        return judgePolicy(() => sight, this.values, command, draught.at, this.initiators, this.hands.judges);
      case 'start':
        return this.executions.execute(
          groundOf(() => sight),
          command,
        );
      case 'stop':
        throw new TypeError('a stop never runs ahead');
    }
  }

  /** What of the original a leaf takes over, if it does; its artifacts and its value come along. */
  private async reuse(draught: Draught, step: StepId): Promise<GivenBody> {
    const { answer, facts, value } = this.original?.takeOver(draught.results, step) ?? NOTHING_TAKEN;
    await this.values.adopt(answer.outputs, value);
    for (const fact of facts) draught.record(fact);
    draught.needs(answer.outputs);
    return { type: 'question.answered', step, question: 'reuse', answer };
  }

  private sight(results: Results): Sight {
    const { runId, tenant, planHash, inputs } = this.run;
    return {
      x: this.x,
      results,
      values: this.values.known,
      context: { runId, tenant, planHash, inputs: inputs as JsonObject },
    };
  }

  /** Logs of closed sockets lie in the object store under digests that the journal alone names: they must outlive the sweep until the seal. */
  private async noteStored({ entries }: Draught): Promise<void> {
    const logs = entries.flatMap(({ event }) => (event.type === 'egress.closed' ? [event.log] : []));
    if (logs.length > 0) await this.hands.references.need(this.run.tenant, this.run.runId, logs);
  }

  private async commit(draught: Draught, last: boolean): Promise<Driven | 'idle' | 'again'> {
    const { run } = this;
    const ended = draught.ended;
    const wake = nextWakeAt(draught.state);
    const parked =
      !ended &&
      draught.ahead.length === 0 &&
      this.arrivals.count === 0 &&
      isParked(draught.state) &&
      this.executions.count === 0;
    const parks = parked && (wake === null || wake - draught.at > PARK_AFTER_MS);
    await this.noteStored(draught);
    const snapshot = ended ? null : await this.snapshotDue(draught.at);
    const entries = snapshot ? [snapshot.entry, ...draught.entries] : draught.entries;
    const { page, head, text } = chain(this.head, entries, await this.values.pageValues(draught.values));
    for (const [step, { kind }] of draught.changed)
      if (step !== ROOT && kind !== 'pending' && !step.includes('::')) this.topSteps.add(step);
    const steps = await stepRows(draught, this.sight(draught.results), this.values);
    const assignments = this.lender.changes(draught);
    const commit: Commit = {
      tenant: run.tenant,
      runId: run.runId,
      fence: run.fence,
      prevSeq: this.head.seq,
      page,
      isSnapshot: snapshot !== null,
      entriesText: text,
      mac: this.hands.mac(macText(run.runId, head.seq, head.hash, run.fence)),
      steps,
      gates: draught.gates,
      artifacts: draught.artifacts,
      chunks: draught.chunks,
      seen: draught.seen,
      closes: ended || parks || draught.closes,
      releases: ended || parks,
      dueAt: ended || !parks || wake === null ? null : this.hands.clock.inDatabase(wake),
      outbox: [
        ...(ended ? [{ kind: 'attest', body: { runId: run.runId } } as const] : []),
        ...announcementsOf({
          announcing: this.hands.announcing,
          x: this.x,
          results: draught.results,
          tenant: run.tenant,
          entries,
          first: page.first,
        }).map((entry) => this.dueInDatabase(entry)),
      ],
      run: this.change(draught, parked),
      ...(assignments ? { assignments } : {}),
    };
    const committed = await this.hands.committer.commit(commit);
    switch (committed.kind) {
      case 'committed':
        if (snapshot) {
          this.snapshots.written(page.first, snapshot);
          this.results.settle();
        }
        this.journal.note(page);
        this.accept(draught, head);
        if (ended) return 'ended';
        if (parks) return 'parked';
        if (!last) this.held.perform(draught.held);
        return 'again';
      case 'claim-lost':
        return 'claim-lost';
      case 'letters':
        this.arrivals.giveBack(draught.taken);
        this.mailDue = true;
        return 'again';
      case 'refused':
        return this.refused(draught, committed.message);
    }
  }

  /** The database refuses this turn's data: outcomes are dropped, and the run ends. If it refuses what is left too, the run is halted. */
  private async refused(draught: Draught, message: string): Promise<'again' | 'halted' | 'claim-lost'> {
    this.hands.alarm(this.run, 'ENGINE_COMMIT_REFUSED', message);
    const left = withoutOutcomes(draught.taken, this.state, message);
    if (left === null)
      return (await this.hands.claims.halt(this.run, 'ENGINE_COMMIT_REFUSED', message)) ? 'halted' : 'claim-lost';
    this.arrivals.giveBack(left);
    return 'again';
  }

  /** What a snapshot says of the fence, the journal must have said: none is due before it has taken this claim. */
  private async snapshotDue(at: number): Promise<DueSnapshot | null> {
    if (!this.begun) return null;
    const { state, results, lastLine } = this;
    return this.snapshots.due(this.head.seq, at, { state, results, lastLine, fence: this.run.fence });
  }

  private accept(draught: Draught, head: Head): void {
    this.begun = true;
    this.state = draught.state;
    this.lender.committed(draught);
    this.results.absorb(draught.results);
    this.values.committed(draught.values);
    this.head = head;
    this.lastAt = draught.at;
    this.lastLine = draught.lastLine;
    this.seen = draught.seen;
    this.ahead = draught.ahead;
    for (const { event } of draught.entries) {
      if (event.type === 'log') this.executions.numbered(event.step, event.execution, event.bytes);
    }
  }

  private dueInDatabase(entry: OutboxEntry): OutboxEntry {
    if (entry.kind === 'attest' || entry.dueAt === null) return entry;
    return { ...entry, dueAt: this.hands.clock.inDatabase(entry.dueAt) };
  }

  private change(draught: Draught, parked: boolean): RunChange {
    const waits = draught.ended ? [] : waitsOf(this.x, draught.state);
    const result = draught.state.result;
    const outputs = result?.outputs?.kind === 'value' ? (this.values.known.get(result.outputs.digest) ?? null) : null;
    return runChange({ x: this.x, draught, parked, waits, outputs, topSteps: this.topSteps });
  }

  private arrived(arrival: Arrival): void {
    if (this.over) return;
    this.arrivals.push(arrival);
    this.wakeUp();
  }

  /** Waits for an arrival, a letter, or the next moment the run must be told of. */
  private async arrival(): Promise<void> {
    if (this.arrivals.count > 0 || this.mailDue || this.handingOver || this.ahead.length > 0) return;
    const wake = nextWakeAt(this.state);
    await new Promise<void>((resolve) => {
      const delay = wake === null ? 60_000 : Math.min(60_000, Math.max(1, wake - this.hands.clock.now()));
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
  hands: DriverHands,
  run: ClaimedRun,
  { code, detail, altered }: Pick<Halted, 'code' | 'detail' | 'altered'>,
): Promise<'halted' | 'claim-lost'> {
  if (!(await hands.claims.halt(run, code, detail))) return 'claim-lost';
  hands.alarm(run, code, altered ? alarmOf(altered) : detail);
  return 'halted';
}

/** Waits for something, so long at most. */
async function within(ms: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([something, late]);
  clearTimeout(timer);
}

/** What a run's process died of may be what this asks for: it is not looked at again. */
function unanswered({ step, question }: Extract<Command, { type: 'answer' }>): GivenBody {
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
