import { bindIn } from '../../../binding/bind';
import { isCodedError } from '../../../foundation/coded-error';
import type { Digest, StepId } from '../../../foundation/ids';
import { packAround } from '../../../plan/plan-index';
import type { AssignmentReport, Reported } from '../../../ports/workers/assignment-report';
import type { Assignment, AssignmentStatus, ClaimedAssignment, AssignmentItem } from '../../../ports/runs/assignments';
import type { InputEventBody } from '../../../run/run-event';
import type { DriverDependencies } from '../../claimed-run/driver-dependencies';
import { Executions, type ExecutionContext } from '../../execution/executions';
import { assignmentText, reportText, type FanOut } from '../../claimed-run/fan-out';
import type { OpenedRun } from '../../claimed-run/open-run';
import { partsOfLost } from './report-arrival';
import { ReportQueue } from './report-queue';
import { RunValues } from '../../claimed-run/run-values';

/**
 * `answered`: all executions are reported. `released`: the rest is released. `lost`: the assignment belongs to someone else by now, or its
 * run has ended.
 */
export type Performed = 'answered' | 'released' | 'lost';

const FULL_INBOX_MS = 500;
/** How long a release waits for child processes, milliseconds. Their supervisor ends them in any case. */
const GIVE_BACK_MS = 20_000;

/**
 * Performs one assignment (ADR 31). It takes items in order as slots become free, writes a row for each execution before it begins,
 * and sends reports one at a time. Events until the driver has taken a report go into the next one. The driver decides about retries and
 * about the run.
 */
export class AssignmentDriver {
  private readonly executions: Executions;
  private readonly values: RunValues;
  private readonly waiting: AssignmentItem[] = [];
  private readonly running = new Map<StepId, AssignmentItem>();
  private readonly unreported = new ReportQueue();
  private awaitedReport: number | null = null;
  private reports = 0;
  private refuses = false;
  private givesBack = false;
  /** True if its worker leaves: nothing more begins, executions in progress may end. */
  private leaving = false;
  private lost = false;
  private beginning: { readonly item: AssignmentItem; readonly go: (may: boolean) => void }[] = [];
  /** Executions that did not begin although nobody had told them to stop, with whether they may have begun after all. */
  private readonly undone = new Map<StepId, { readonly began: boolean }>();
  private wakeUp: () => void = () => undefined;

  private constructor(
    private readonly dependencies: DriverDependencies,
    private readonly fanOut: FanOut,
    private readonly claimed: ClaimedAssignment,
    private readonly opened: OpenedRun,
    private readonly assignment: Assignment | null,
  ) {
    const { run, secrets } = opened;
    this.values = new RunValues(dependencies, run);
    const held = { fence: claimed.fence, assignment: claimed.name };
    this.executions = new Executions(
      dependencies,
      run,
      this.values,
      secrets,
      (fact) => this.say({ kind: 'fact', fact }),
      held,
    );
    this.begin();
  }

  /** An assignment whose body was not written by a driver is refused: none of it is executed. */
  static of(
    dependencies: DriverDependencies,
    fanOut: FanOut,
    claimed: ClaimedAssignment,
    opened: OpenedRun,
  ): AssignmentDriver {
    const assignment = dependencies.mac(assignmentText(claimed.body)) === claimed.mac ? read(claimed) : null;
    if (assignment === null) dependencies.alarm(opened.run, 'ASSIGNMENT_TAMPERED', { assignment: claimed.name });
    return new AssignmentDriver(dependencies, fanOut, claimed, opened, assignment);
  }

  /** Items that have not begun. */
  get pending(): number {
    return this.waiting.length;
  }

  /** Identity of the assignment. */
  get held(): ClaimedAssignment {
    return this.claimed;
  }

  private begin(): void {
    const begun = new Map(this.claimed.begun.map((one) => [`${one.step}#${one.execution}`, one]));
    this.refuses = this.assignment === null;
    for (const item of this.assignment?.items ?? []) {
      const before = begun.get(`${item.step}#${item.execution}`);
      if (before === undefined) this.waiting.push(item);
      else if (!before.answered) this.unreported.add(...partsOfLost(item.step, item.execution));
    }
    this.stop(this.claimed.stops);
  }

  /** Its current status in the store. */
  assignmentStatus({ stops, seen, over }: AssignmentStatus): void {
    if (over) return this.lose();
    if (this.awaitedReport !== null && seen >= this.awaitedReport) this.awaitedReport = null;
    for (const { step, execution, bytes } of this.unreported.seen(seen))
      this.executions.numbered(step, execution, bytes);
    this.stop(stops);
    this.wakeUp();
  }

  /** The assignment is no longer held. Nothing more may be reported. */
  lose(): void {
    this.lost = true;
    this.executions.abandon('over');
    this.values.giveUp();
    this.wakeUp();
  }

  /** Nothing more of it begins here. When executions in progress have ended, the rest is released. */
  leave(): void {
    this.leaving = true;
    this.wakeUp();
  }

  /** Tells executions that may begin again elsewhere to stop. Returns them as `step#execution`. */
  giveUpIdempotent(): readonly string[] {
    return this.executions.giveUp();
  }

  /** Executions in progress that were not told to stop, as `step#execution`. */
  get underWay(): readonly string[] {
    return this.executions.names;
  }

  /** Releases items that have not begun. Executions in progress are told to stop, and their results until then are reported. */
  giveBack(): void {
    this.givesBack = true;
    this.executions.abandon('hand-over');
    this.wakeUp();
  }

  async drive(): Promise<Performed> {
    const stopListening = this.fanOut.slots.onReleased(() => this.wakeUp());
    try {
      for (;;) {
        if (this.lost) return 'lost';
        if (this.givesBack || (this.leaving && this.running.size === 0)) return await this.finishGivingBack();
        if (!this.leaving) this.startWaiting();
        if ((this.unreported.count > 0 || this.refuses) && this.awaitedReport === null) await this.report();
        else if (this.unreported.count + this.waiting.length + this.running.size === 0) return 'answered';
        else await this.arrival();
      }
    } finally {
      stopListening();
      this.lost = true;
      this.executions.abandon('over');
      this.values.giveUp();
      // Nobody else gets the assignment before it is released, so a lost execution does not begin again beside a child that is still
      // stopping.
      await this.executions.settled(GIVE_BACK_MS);
    }
  }

  private async finishGivingBack(): Promise<Performed> {
    await this.executions.settled(GIVE_BACK_MS);
    this.values.giveUp();
    while (this.unreported.count > 0 && !this.lost) await this.report();
    if (this.lost) return 'lost';
    await this.fanOut.assignments.release(this.claimed);
    return 'released';
  }

  private startWaiting(): void {
    while (this.waiting.length > 0 && this.fanOut.slots.free > 0) {
      const item = this.waiting.shift();
      if (item) void this.execute(item);
    }
  }

  private stop(steps: readonly StepId[]): void {
    for (const step of steps) {
      const item = this.running.get(step);
      if (item) this.executions.stop(step, item.execution, 'cancel');
      const place = this.waiting.findIndex((waiting) => waiting.step === step);
      for (const { execution } of place < 0 ? [] : this.waiting.splice(place, 1))
        this.say({ kind: 'given', body: { type: 'attempt.stopped', step, execution, unknown: false } });
    }
  }

  private async execute(item: AssignmentItem): Promise<void> {
    const { step, execution } = item;
    const { slots } = this.fanOut;
    slots.take();
    this.running.set(step, item);
    let isTooLong = false;
    const timer = setTimeout(() => {
      isTooLong = true;
      this.executions.stop(step, execution, 'attempt-timeout');
    }, this.assignment?.attemptTimeoutMs);
    try {
      const body = await this.executions.execute(this.executionContextOf(item), item, () => this.mayBegin(item));
      const undone = this.undone.get(step);
      if (undone !== undefined) this.end(item, { type: 'attempt.lost', step, execution, ...undone });
      else
        this.end(item, isTooLong && typeof body === 'object' && body.type === 'attempt.stopped' ? tooLong(item) : body);
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'DRIVER_FAULT';
      this.dependencies.alarm(this.opened.run, code, {
        step,
        reason: this.opened.secrets.redactor.text(String(error)),
      });
      const message = 'the step could not be started';
      this.end(item, { type: 'attempt.failed', step, execution, code, message, retryable: true, exitCode: null });
    } finally {
      clearTimeout(timer);
      this.running.delete(step);
      slots.give();
      this.wakeUp();
    }
  }

  private end({ step, execution }: AssignmentItem, body: InputEventBody | 'lost' | 'left'): void {
    if (body === 'lost') for (const part of partsOfLost(step, execution)) this.say(part);
    // A stop because of a release is not an outcome. The effect of the execution is unknown, and the next holder reports that.
    else if (body === 'left') return;
    else if (body.type === 'attempt.unbegun')
      this.say({ kind: 'given', body: { type: 'attempt.lost', step, execution, began: false } });
    else this.say({ kind: 'given', body });
  }

  private executionContextOf({ scope }: AssignmentItem): ExecutionContext {
    const { index, run } = this.opened;
    const { scope: shared = {}, secrets = {} } = this.assignment ?? {};
    return {
      index,
      secretVersion: (name) => secrets[name] ?? null,
      bind: (step, kept) => {
        const own = packAround(index, step) === null ? { inputs: run.inputs } : {};
        return bindIn(index, step, { ...own, ...shared, ...scope }, kept);
      },
    };
  }

  /** Executions that begin together get their rows together. False: the execution may not begin. */
  private async mayBegin(item: AssignmentItem): Promise<boolean> {
    if (this.leaving || (item.executeBy !== null && this.dependencies.clock.now() >= item.executeBy)) {
      this.undone.set(item.step, { began: false });
      return false;
    }
    return new Promise((go) => {
      this.beginning.push({ item, go });
      if (this.beginning.length === 1) setImmediate(() => void this.beginAll());
    });
  }

  private async beginAll(): Promise<void> {
    const asked = this.beginning;
    this.beginning = [];
    let may: ReadonlySet<StepId> = new Set();
    try {
      const executions = asked.map(({ item: { step, execution } }) => ({ step, execution }));
      may = new Set(await this.fanOut.assignments.begin(this.claimed, executions));
    } catch (error) {
      this.dependencies.alarm(this.opened.run, 'ASSIGNMENT_FAULT', { reason: String(error) });
      for (const { item } of asked) this.undone.set(item.step, { began: true });
    }
    for (const { item, go } of asked) go(may.has(item.step) && !this.lost);
  }

  private say(part: Reported): void {
    if (this.lost) return;
    this.unreported.add(part);
    this.wakeUp();
  }

  private async report(): Promise<void> {
    const reported = this.unreported.next();
    const refs = reported.flatMap((part) =>
      part.kind === 'given' && part.body.type === 'attempt.succeeded' && part.body.outputs?.kind === 'value'
        ? [part.body.outputs.digest]
        : [],
    );
    const values = await this.values.pageValues(new Set<Digest>(refs));
    const { name, version, build, probe } = this.dependencies.worker;
    const unsigned: AssignmentReport = {
      type: 'assignment.reported',
      runId: this.claimed.runId,
      assignment: this.claimed.name,
      fence: this.claimed.fence,
      number: ++this.reports,
      worker: { name, version, build, probe },
      reported,
      values,
      refused: this.refuses,
      mac: '',
    };
    const report = { ...unsigned, mac: this.dependencies.mac(reportText(unsigned)) };
    for (;;) {
      const posted = await this.fanOut.assignments.report(this.claimed, report);
      if (posted.kind === 'posted') return this.posted(posted.position, reported, refs);
      if (posted.kind !== 'refused' || posted.code !== 'INBOX_FULL' || this.lost) return this.lose();
      await new Promise((resolve) => setTimeout(resolve, FULL_INBOX_MS));
    }
  }

  private posted(report: number, reported: readonly Reported[], refs: readonly Digest[]): void {
    this.awaitedReport = report;
    this.refuses = false;
    this.values.committed(refs);
    for (const digest of refs) this.values.known.delete(digest);
    this.unreported.posted(report, reported);
  }

  private async arrival(): Promise<void> {
    await new Promise<void>((resolve) => (this.wakeUp = resolve));
    this.wakeUp = () => undefined;
  }
}

function read({ body, runId, tenant, name }: ClaimedAssignment): Assignment | null {
  const assignment = JSON.parse(body) as Assignment;
  const isThis = assignment.runId === runId && assignment.tenant === tenant && assignment.name === name;
  return isThis ? assignment : null;
}

function tooLong({ step, execution }: AssignmentItem): InputEventBody {
  const message = 'the time allowed is over';
  return { type: 'attempt.failed', step, execution, code: 'ATTEMPT_TIMEOUT', message, retryable: true, exitCode: null };
}
