import type { BindingContext } from '../../binding/scope';
import { isCodedError } from '../../foundation/coded-error';
import type { StepId } from '../../foundation/ids';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { Command } from '../../run/command';
import type { InputEventBody } from '../../run/run-event';
import type { RunState } from '../../run/run-state';
import { isStillRelevant } from '../../run/still-relevant';
import type { ApprovedContext } from '../gates/approved-context';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import { executionContextOf, type Executions } from '../execution/executions';
import type { FanOutDispatcher } from './fan-out/fan-out-dispatcher';
import type { ContainerLog } from './container-log';
import type { PolicyLog } from './policy-log';
import { judgePolicy, policyEnginesOf } from './questions';
import type { Restored } from '../claimed-run/restore-run';
import type { RunTime } from '../claimed-run/run-time';
import type { RunSecrets } from '../claimed-run/run-secrets';
import type { RunValues } from '../claimed-run/run-values';
import type { Arrival } from '../turn/turn-builder';

type Start = Extract<Command, { type: 'start' }>;

/** Dependencies of a driver, with the run's time as the clock. */
export type RunDependencies = DriverDependencies & { readonly clock: RunTime };

/** Collaborators that perform the commands of a run. */
export interface RunMeans {
  readonly dependencies: RunDependencies;
  readonly run: ClaimedRun;
  readonly initiators: Restored['admission']['initiators'];
  readonly values: RunValues;
  readonly secrets: RunSecrets;
  readonly executions: Executions;
  readonly dispatcher: FanOutDispatcher;
  readonly approved: ApprovedContext;
  readonly containerLog: ContainerLog;
  readonly policyLog: PolicyLog;
}

/** The driver whose commands are performed, in its current state. */
export interface DriverHandle {
  state(): RunState;
  lastAt(): number;
  /** True if nothing more may begin here. */
  isLeaving(): boolean;
  /** What is committed. */
  context(): BindingContext;
  arrived(arrival: Arrival): void;
  handOver(): void;
  loseChildren(): void;
  /** Called when an execution has stopped because this driver leaves. */
  left(): void;
}

/**
 * Performs the commands of a committed turn: starts go to executors or other workers, stops to executions, policy questions to engines.
 * Results arrive at the driver as input.
 */
export class PostCommitDispatcher {
  private readonly dispatches = new Set<Promise<void>>();

  constructor(
    private readonly means: RunMeans,
    private readonly driver: DriverHandle,
  ) {}

  /** Commands that the same turn cancelled are not performed. */
  perform(held: readonly Command[]): void {
    const { dispatcher } = this.means;
    const state = this.driver.state();
    const commands = held.filter((command) => isStillRelevant(state, command));
    const starts = commands.filter((command) => command.type === 'start');
    const dispatched = new Set<Command>(this.driver.isLeaving() ? [] : dispatcher.beyondSlots(starts, state));
    if (dispatched.size > 0) {
      const dispatch = this.dispatch(starts.filter((start) => dispatched.has(start))).finally(() =>
        this.dispatches.delete(dispatch),
      );
      this.dispatches.add(dispatch);
    }
    for (const command of commands) {
      if (command.type === 'start' && !dispatched.has(command)) void this.start(command);
      if (command.type === 'stop') this.stop(command);
      if (command.type === 'judge') void this.judge(command);
    }
  }

  /** True while dispatches to other workers are in progress. */
  get isBusy(): boolean {
    return this.dispatches.size > 0;
  }

  /** Resolves when no dispatch is in progress. */
  async dispatchesSettled(): Promise<void> {
    await Promise.all(this.dispatches);
  }

  /** Asks an external policy engine. Its answer is an input event like the outcome of a step. */
  private async judge(command: Extract<Command, { type: 'judge' }>): Promise<void> {
    const { dependencies, run, values, initiators, policyLog } = this.means;
    const { driver } = this;
    const at = Math.max(driver.lastAt(), dependencies.clock.now());
    try {
      const engines = policyEnginesOf(dependencies, run);
      const body = await judgePolicy(() => driver.context(), values, command, at, initiators, engines);
      const fact = body.type === 'policy.judged' ? await policyLog.write(body) : null;
      const input = { kind: 'given', body } as const;
      driver.arrived(fact ? { kind: 'parts', parts: [{ kind: 'fact', fact }, input] } : input);
    } catch (error) {
      dependencies.alarm(run, 'DRIVER_FAULT', { step: command.step, reason: String(error) });
      driver.handOver();
    }
  }

  /** Dispatches starts to other workers. Each is checked first as if it began here. Starts that cannot be dispatched begin here. */
  private async dispatch(starts: readonly Start[]): Promise<void> {
    const { dependencies, run, secrets, dispatcher, approved } = this.means;
    const { driver } = this;
    const toDispatch: Start[] = [];
    const here: Start[] = [];
    try {
      for (const start of starts) {
        const { step, execution } = start;
        if (!(await this.isAsApproved(step)))
          driver.arrived({ kind: 'given', body: { type: 'attempt.stopped', step, execution, unknown: false } });
        else ((await approved.mayChangeBefore(step)) ? here : toDispatch).push(start);
      }
      const dispatched = await dispatcher.dispatch(toDispatch, () => driver.context(), driver.state());
      for (const arrival of dispatched.arrivals) driver.arrived(arrival);
      for (const start of [...here, ...dispatched.here]) this.startHere(start);
    } catch (error) {
      dependencies.alarm(run, 'DRIVER_FAULT', { reason: secrets.redactor.text(String(error)) });
      for (const { step, execution } of starts)
        driver.arrived({ kind: 'given', body: { type: 'attempt.unbegun', step, execution } });
      driver.handOver();
    }
  }

  /** It may have been told to stop meanwhile, in which case it does not begin. */
  private startHere(start: Start): void {
    if (isStillRelevant(this.driver.state(), start)) void this.start(start);
  }

  private async start(command: Start): Promise<void> {
    const { dependencies, run, secrets, executions } = this.means;
    const { driver } = this;
    const { step, execution } = command;
    const slots = dependencies.fanOut?.slots;
    slots?.take();
    let mayBegin = false;
    const mayStart = async (): Promise<boolean> => (mayBegin = (await this.isAsApproved(step)) && !driver.isLeaving());
    try {
      const body = await executions.execute(
        executionContextOf(() => driver.context()),
        command,
        mayStart,
      );
      if (body === 'lost') driver.loseChildren();
      else if (body === 'left') driver.left();
      else if (isStop(body) && !mayBegin && driver.isLeaving() && isStillRelevant(driver.state(), command))
        driver.arrived({ kind: 'given', body: { type: 'attempt.unbegun', step, execution } });
      else driver.arrived({ kind: 'given', body });
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'DRIVER_FAULT';
      dependencies.alarm(run, code, { step, reason: secrets.redactor.text(String(error)) });
      const message = 'the step could not be started';
      driver.arrived({
        kind: 'given',
        body: { type: 'attempt.failed', step, execution, code, message, retryable: true, exitCode: null },
      });
    } finally {
      slots?.give();
    }
  }

  /**
   * An execution that is neither in progress here nor assigned has provably ended: it never began, or its outcome was dropped with a
   * refused turn.
   */
  private stop({ step, execution, reason }: Extract<Command, { type: 'stop' }>): void {
    const { executions, dispatcher } = this.means;
    const { driver } = this;
    if (executions.stop(step, execution, reason) || dispatcher.has(step, driver.state().steps.get(step))) return;
    driver.arrived({ kind: 'given', body: { type: 'attempt.stopped', step, execution, unknown: false } });
  }

  /** Before an effect behind a gate starts, the values that the gate bound are derived again. A difference ends the run. */
  private async isAsApproved(step: StepId): Promise<boolean> {
    const gate = await this.means.approved.changedBefore(step);
    if (gate === null) return true;
    const message = 'the approved values differ from the values that would run';
    this.driver.arrived({
      kind: 'given',
      body: { type: 'run.failed', code: 'GATE_CONTEXT_CHANGED', step: gate, message },
    });
    return false;
  }
}

/** Outcome of an execution that was told to stop, or that was not allowed to begin. */
export function isStop({ type }: InputEventBody): boolean {
  return type === 'attempt.stopped' || type === 'attempt.unbegun';
}
