import { bind, type Bound } from '../../binding/bind';
import { secretsOf, secretsRead } from '../../binding/secret-names';
import type { PrivateValues, BindingContext } from '../../binding/scope';
import { causesOf } from '../../foundation/causes';
import { isCodedError } from '../../foundation/coded-error';
import type { StepId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { storableText } from '../../foundation/storable-text';
import type { RunNode } from '../../plan/plan';
import { runNodeAt, type PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { Outcome, StepStorage } from '../../ports/step/executor';
import { isStoreOutage } from '../../ports/objects/object-store';
import type { Command } from '../../run/command';
import type { InputEventBody } from '../../run/run-event';
import { SecretError } from '../../secret/secret-error';
import { trimmed } from '../../secret/secret-value';
import { abortable } from '../work/abortable';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import { ExecutionLog, logLimitsOf, type FactReport, type LogHold, type LogLimits } from './execution-log';
import { guardingGates } from '../gates/guarding-gates';
import { LeafRequest } from './leaf-request';
import { RedactedReport, redactedOutcome } from './redacted-report';
import { PackOfStep } from './pack-of-step';
import type { RunSecrets } from '../claimed-run/run-secrets';
import type { RunValues } from '../claimed-run/run-values';

type Start = Pick<Extract<Command, { type: 'start' }>, 'step' | 'attempt' | 'execution'>;

/** What an execution reads of its run. A driver takes it from the journal; a worker with an assignment takes it from the assignment. */
export interface ExecutionContext {
  readonly index: PlanIndex;
  /** The version of a secret that the journal holds. */
  secretVersion(name: string): string | null;
  bind(step: StepId, kept: PrivateValues): Bound;
}

/** The execution context of a driver. */
export function executionContextOf(context: () => BindingContext): ExecutionContext {
  return {
    index: context().index,
    secretVersion: (name) => context().results.secretVersion(name),
    bind: (step, kept) => bind(context(), step, kept),
  };
}

/** Executions of one run in this process. */
export class Executions {
  private readonly inFlight = new Map<string, InFlightExecution>();

  private readonly settling: (() => void)[] = [];
  private readonly packs: PackOfStep;
  private readonly stream: LogHold;
  private hasBegun = false;

  constructor(
    private readonly dependencies: DriverDependencies,
    private readonly run: ClaimedRun,
    private readonly values: RunValues,
    private readonly secrets: RunSecrets,
    private readonly report: FactReport,
    held: Pick<LogHold, 'fence' | 'assignment'> = { fence: run.fence },
  ) {
    this.stream = { tenant: run.tenant, runId: run.runId, ...held };
    this.packs = new PackOfStep(run, dependencies.objects);
  }

  get count(): number {
    return this.inFlight.size;
  }

  /**
   * Binds and executes a leaf and returns its outcome as an input event. Facts and lines are reported meanwhile. `lost`: there is no
   * outcome because the lease or the run has ended, and nothing of it may be journaled. `left`: it was stopped because its worker leaves.
   * This is not an event of the run: the next owner decides by the effect class. An outage of the object store is waited for: before the
   * leaf acts until it is told to stop, afterwards until its outcome no longer counts.
   */
  async execute(
    context: ExecutionContext,
    { step, attempt, execution }: Start,
    mayStart: () => Promise<boolean> = async () => true,
  ): Promise<InputEventBody | 'lost' | 'left'> {
    const node = runNodeAt(context.index, step);
    const executor = this.dependencies.executors.get(node.uses);
    if (!executor) return failure(step, execution, 'EXECUTOR_UNAVAILABLE', `this worker has no executor ${node.uses}`);
    const abort = new AbortController();
    const { logs, clock } = this.dependencies;
    const limits = this.logLimits(context);
    const log = new ExecutionLog(this.stream, { step, attempt, execution }, logs, clock, this.report, limits);
    const name = nameOf(step, execution);
    // From here on it can be told to stop, also while its values are fetched.
    const inFlight: InFlightExecution = {
      abort,
      held: new AbortController(),
      log,
      effects: node.effects,
      stopReason: null,
    };
    /** It was told to stop before it began. */
    const notStarted = (): InputEventBody =>
      inFlight.stopReason === HAND_OVER ? { type: 'attempt.unbegun', step, execution } : notBegun(step, execution);
    let begun = false;
    this.inFlight.set(name, inFlight);
    try {
      const { delivered, kept } = await this.secretsFor(context, step, node);
      let bound = context.bind(step, kept);
      while (bound.kind === 'missing') {
        await abortable(this.values.fetch(bound.digests), abort.signal);
        bound = context.bind(step, kept);
      }
      const { redactor } = this.secrets;
      const storage = this.storageOf(inFlight);
      const run = await this.dependencies.storeHealth.withRetry(() => this.packs.of(context.index, step), abort);
      if (node.effects !== 'pure') await this.dependencies.mayAct(abort);
      if (!(await mayStart()) || inFlight.stopReason !== null) return notStarted();
      if (bound.kind === 'fault') return failure(step, execution, bound.code, redactor.text(bound.message));
      // Which tool an effect had that must not be repeated is known as early as possible.
      const isFollowed = node.effects !== 'once';
      const report = new RedactedReport(redactor, log, (fact) =>
        this.report(fact, isFollowed && fact.type === 'tool.resolved'),
      );
      const place = { run, step, attempt, execution, node, secrets: delivered, redactor, storage };
      const request = new LeafRequest(this.run.runId, place, bound.bound, abort);
      begun = true;
      const outcome = redactedOutcome(redactor, await executor.execute(request, report).catch(thrownBy(node)));
      this.sayWhy(step, execution, outcome);
      await report.end();
      // A result counts only with its lines. If they could not be stored, the run is no longer ours.
      if (!(await log.close()) || outcome.kind === 'lost') return 'lost';
      if (outcome.kind === 'stopped' && inFlight.stopReason === HAND_OVER) return 'left';
      return await this.inputOf(step, execution, outcome);
    } catch (error) {
      // The result cannot be stored, and this owner no longer waits. The next owner decides by the effect class.
      if (begun && isStoreOutage(error)) return 'lost';
      if (!begun && abort.signal.aborted && (error === abort.signal.reason || isStoreOutage(error)))
        return notStarted();
      if (!SecretError.is(error)) throw error;
      const { code, message } = error;
      return failure(step, execution, code, message, code === 'SECRET_UNAVAILABLE');
    } finally {
      this.inFlight.delete(name);
      if (this.inFlight.size === 0) for (const settled of this.settling.splice(0)) settled();
    }
  }

  /** People wait for the first line of a run. A line of a later execution waits as long as others: it is often stored with the outcome. */
  private logLimits({ index }: ExecutionContext): LogLimits {
    const limits = logLimitsOf(index.defaults);
    if (this.hasBegun) return { ...limits, firstFlushMs: limits.flushMs };
    this.hasBegun = true;
    return limits;
  }

  private storageOf({ abort, held }: InFlightExecution): StepStorage {
    const { storeHealth } = this.dependencies;
    return {
      read: (open) => storeHealth.read(open, abort.signal),
      keep: (work) => storeHealth.withRetry(work, held),
    };
  }

  /** Logs the errors behind an outcome, which neither journal nor API may contain. */
  private sayWhy(step: StepId, execution: number, outcome: Outcome): void {
    if (outcome.kind !== 'lost' && (outcome.kind !== 'failed' || outcome.cause === undefined)) return;
    const code = outcome.kind === 'lost' ? outcome.reason : outcome.code;
    const causes = causesOf(outcome.cause).map((text) => this.secrets.redactor.text(text));
    const { cause } = outcome;
    const thrown = code === 'EXECUTOR_THREW' && cause instanceof Error ? (cause.stack ?? null) : null;
    const stack = thrown === null ? null : this.secrets.redactor.text(thrown);
    this.dependencies.executorFailed(this.run, { step, execution, code, causes, stack });
  }

  /** The secrets of a leaf, and how its expressions see them. Steps that act only in the journal get none. */
  private async secretsFor(context: ExecutionContext, step: StepId, node: RunNode): Promise<Secrecy> {
    if (this.secrets.isIdle || node.effects === 'pure') return NO_SECRECY;
    const { values, rotated } = await this.secrets.deliver({
      names: secretsOf(node),
      gated: guardingGates(context.index, step).length > 0,
      known: (name) => context.secretVersion(name),
    });
    for (const { name, version } of rotated)
      this.report({ type: 'note', code: 'SECRET_VERSION', detail: { name, version } });
    const texts = secretsRead(node).flatMap((name) =>
      values.has(name) ? [[name, textOf(name, values.get(name))]] : [],
    );
    const { sensitive: inputs } = this.secrets;
    return { delivered: values, kept: { inputs, secrets: Object.fromEntries(texts) as JsonObject } };
  }

  /** Resolves when no execution is in progress, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.inFlight.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.settling.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Tells an execution to stop; false if it is not in progress here any more. */
  stop(step: StepId, execution: number, reason: string): boolean {
    const inFlight = this.inFlight.get(nameOf(step, execution));
    if (inFlight) requestStop(inFlight, reason);
    return inFlight !== undefined;
  }

  /** Called when a chunk of its log was numbered. */
  numbered(step: StepId, execution: number, bytes: number): void {
    this.inFlight.get(nameOf(step, execution))?.log.numbered(bytes);
  }

  /** Tells executions that may begin again elsewhere to stop, without waiting for them. `once` steps continue. Returns the stopped ones. */
  giveUp(): readonly string[] {
    const stopped = [...this.inFlight].filter(
      ([, { effects, stopReason }]) => effects === 'idempotent' && stopReason === null,
    );
    for (const [, inFlight] of stopped) requestStop(inFlight, HAND_OVER);
    return stopped.map(([name]) => name);
  }

  /** Executions in progress that were not told to stop, as `step#execution`. */
  get names(): readonly string[] {
    return [...this.inFlight].filter(([, { stopReason }]) => stopReason === null).map(([name]) => name);
  }

  /** Tells all executions to stop, without waiting for them. */
  abandon(reason: string): void {
    for (const inFlight of this.inFlight.values()) {
      requestStop(inFlight, reason);
      if (reason !== 'over') continue;
      inFlight.held.abort(reason);
      inFlight.log.abandon();
    }
  }

  private async inputOf(
    step: StepId,
    execution: number,
    outcome: Exclude<Outcome, { kind: 'lost' }>,
  ): Promise<InputEventBody> {
    switch (outcome.kind) {
      case 'succeeded':
        try {
          const outputs = this.values.keep(outcome.outputs);
          await this.values.store(outputs);
          return { execution, outputs, step, type: 'attempt.succeeded' };
        } catch (error) {
          if (isCodedError(error) && !isStoreOutage(error)) return failure(step, execution, error.code, error.message);
          throw error;
        }
      case 'failed': {
        const { code, message, retryable, exitCode } = outcome;
        return failure(step, execution, code, message, retryable, exitCode);
      }
      case 'stopped':
        return { type: 'attempt.stopped', step, execution, unknown: outcome.unknown };
      case 'deferred':
        return { type: 'attempt.deferred', step, execution, until: this.dependencies.clock.now() + outcome.forMs };
    }
  }
}

interface InFlightExecution {
  /** Tells it to stop. */
  readonly abort: AbortController;
  /** Aborted when its outcome no longer counts. */
  readonly held: AbortController;
  readonly log: ExecutionLog;
  readonly effects: RunNode['effects'];
  /** Why it was first told to stop. */
  stopReason: string | null;
}

/** The reason for stopping executions of a leaving worker. */
const HAND_OVER = 'hand-over';

function requestStop(inFlight: InFlightExecution, reason: string): void {
  inFlight.stopReason ??= reason;
  inFlight.abort.abort(reason);
}

/** The run's secrets for one execution. */
interface Secrecy {
  readonly delivered: ReadonlyMap<string, Uint8Array>;
  readonly kept: PrivateValues;
}
const NO_SECRECY: Secrecy = { delivered: new Map(), kept: { inputs: {}, secrets: {} } };

/** A secret as text, without the line end that its file may have. */
function textOf(name: string, value: Uint8Array = new Uint8Array()): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(trimmed(value));
  } catch {
    throw new SecretError('SECRET_NOT_TEXT', `the secret ${name} is not UTF-8 text`);
  }
}

function nameOf(step: StepId, execution: number): string {
  return `${step}#${execution}`;
}

function notBegun(step: StepId, execution: number): InputEventBody {
  return { type: 'attempt.stopped', step, execution, unknown: false };
}

/** Code and message may quote anything that a step has produced. */
function failure(
  step: StepId,
  execution: number,
  code: string,
  message: string,
  retryable = false,
  exitCode: number | null = null,
): InputEventBody {
  const texts = { code: storableText(code), message: storableText(message) };
  return { type: 'attempt.failed', step, execution, ...texts, retryable, exitCode };
}

/**
 * An error that an executor throws is a failure of the executor. For a `once` step it may have occurred after the step has acted, so the
 * outcome is unknown.
 */
const thrownBy =
  ({ effects }: RunNode) =>
  (cause: unknown): Outcome => {
    const failed = { kind: 'failed', exitCode: null, cause } as const;
    if (isCodedError(cause)) return { ...failed, code: cause.code, message: cause.message, retryable: false };
    if (effects === 'once') return { kind: 'lost', reason: 'EXECUTOR_THREW', cause };
    return { ...failed, code: 'EXECUTOR_THREW', message: 'the executor failed', retryable: true };
  };
