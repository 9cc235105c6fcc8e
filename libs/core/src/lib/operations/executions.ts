import { bind } from '../binding/bind';
import type { Sight } from '../binding/scope';
import { isCodedError } from '../foundation/coded-error';
import type { StepId } from '../foundation/ids';
import { runNodeAt } from '../plan/plan-index';
import type { ClaimedRun } from '../ports/claims';
import type { ExecutionReport, Outcome } from '../ports/executor';
import type { Command } from '../run/command';
import type { Fact, GivenBody } from '../run/run-event';
import { idempotencyKey } from '../step/idempotency-key';
import type { DriverHands } from './driver-hands';
import { ExecutionLog } from './execution-log';
import type { RunValues } from './run-values';

type Start = Extract<Command, { type: 'start' }>;

/** The executions of one run that are under way in this process. */
export class Executions {
  private readonly flights = new Map<string, { readonly abort: AbortController; readonly log: ExecutionLog }>();

  private readonly settling: (() => void)[] = [];

  constructor(
    private readonly hands: DriverHands,
    private readonly run: ClaimedRun,
    private readonly values: RunValues,
    private readonly report: (fact: Fact) => void,
  ) {}

  get count(): number {
    return this.flights.size;
  }

  /**
   * Binds and executes a leaf; its outcome as a given. Facts and lines go on their way meanwhile. `lost`: there is no outcome
   * (the lease is over, or the run is): nothing may be journaled of it.
   */
  async execute(
    sight: () => Sight,
    { step, attempt, execution }: Start,
    mayStart: () => Promise<boolean> = async () => true,
  ): Promise<GivenBody | 'lost'> {
    const node = runNodeAt(sight().x, step);
    const executor = this.hands.executors.get(node.uses);
    if (!executor) return failure(step, execution, 'EXECUTOR_UNAVAILABLE', `this worker has no executor ${node.uses}`);
    const abort = new AbortController();
    const log = new ExecutionLog(this.run, step, execution, this.hands.logs, this.hands.clock, this.report);
    const name = nameOf(step, execution);
    // It can be told to stop from here on, also while its values are fetched.
    this.flights.set(name, { abort, log });
    try {
      let bound = bind(sight(), step);
      while (bound.kind === 'missing') {
        await this.values.fetch(bound.digests);
        bound = bind(sight(), step);
      }
      if (!(await mayStart()) || abort.signal.aborted)
        return { type: 'attempt.stopped', step, execution, unknown: false };
      if (bound.kind === 'fault') return failure(step, execution, bound.code, bound.message);
      const report: ExecutionReport = {
        line: (level, text) => log.line(level, text),
        output: (stream, bytes) => log.output(stream, bytes),
        fact: this.report,
      };
      const key = idempotencyKey(this.run.runId, step, attempt);
      const request = { run: this.run, step, attempt, execution, key, node, ...bound.bound, signal: abort.signal };
      const outcome = await executor.execute(request, report).catch(thrown);
      // A result counts only with its lines: if they could not be stored the run is not ours any more.
      if (!(await log.close()) || outcome.kind === 'lost') return 'lost';
      return this.given(step, execution, outcome);
    } finally {
      this.flights.delete(name);
      if (this.flights.size === 0) for (const settled of this.settling.splice(0)) settled();
    }
  }

  /** Resolves when nothing is under way any more, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.flights.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.settling.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Tells an execution to stop; false if it is not under way here any more. */
  stop(step: StepId, execution: number, reason: string): boolean {
    const flight = this.flights.get(nameOf(step, execution));
    flight?.abort.abort(reason);
    return flight !== undefined;
  }

  /** A chunk of its log was numbered. */
  numbered(step: StepId, execution: number, bytes: number): void {
    this.flights.get(nameOf(step, execution))?.log.numbered(bytes);
  }

  /** Tells all to stop, without waiting for them. */
  abandon(reason: string): void {
    for (const { abort, log } of this.flights.values()) {
      abort.abort(reason);
      if (reason === 'over') log.abandon();
    }
  }

  private given(step: StepId, execution: number, outcome: Exclude<Outcome, { kind: 'lost' }>): GivenBody {
    switch (outcome.kind) {
      case 'succeeded':
        try {
          return { type: 'attempt.succeeded', step, execution, outputs: this.values.keep(outcome.outputs) };
        } catch (error) {
          if (isCodedError(error)) return failure(step, execution, error.code, error.message);
          throw error;
        }
      case 'failed': {
        const { code, message, retryable, exitCode } = outcome;
        return { type: 'attempt.failed', step, execution, code, message, retryable, exitCode };
      }
      case 'stopped':
        return { type: 'attempt.stopped', step, execution, unknown: outcome.unknown };
      case 'deferred':
        return { type: 'attempt.deferred', step, execution, until: outcome.until };
    }
  }
}

function nameOf(step: StepId, execution: number): string {
  return `${step}#${execution}`;
}

function failure(step: StepId, execution: number, code: string, message: string): GivenBody {
  return { type: 'attempt.failed', step, execution, code, message, retryable: false, exitCode: null };
}

function thrown(error: unknown): Outcome {
  if (isCodedError(error))
    return { kind: 'failed', code: error.code, message: error.message, retryable: false, exitCode: null };
  return { kind: 'failed', code: 'EXECUTOR_THREW', message: 'the executor failed', retryable: true, exitCode: null };
}
