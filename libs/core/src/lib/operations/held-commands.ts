import type { Sight } from '../binding/scope';
import { isCodedError } from '../foundation/coded-error';
import type { StepId } from '../foundation/ids';
import type { ClaimedRun } from '../ports/claims';
import type { Command } from '../run/command';
import type { GivenBody } from '../run/run-event';
import type { RunState } from '../run/run-state';
import { isWanted } from '../run/wanted';
import type { ApprovedContext } from './approved-context';
import type { DriverHands } from './driver-hands';
import { groundOf, type Executions } from './executions';
import type { Lender } from './lender';
import type { PolicyLog } from './policy-log';
import { judgePolicy } from './questions';
import type { Restored } from './restore-run';
import type { RunSecrets } from './run-secrets';
import type { RunValues } from './run-values';
import type { Arrival } from './turn';

type Start = Extract<Command, { type: 'start' }>;

/** With what the commands of a run are performed. */
export interface RunMeans {
  readonly hands: DriverHands;
  readonly run: ClaimedRun;
  readonly initiators: Restored['admission']['initiators'];
  readonly values: RunValues;
  readonly secrets: RunSecrets;
  readonly executions: Executions;
  readonly lender: Lender;
  readonly approved: ApprovedContext;
  readonly policyLog: PolicyLog;
}

/** The driver for whom they are performed, as it stands when it is asked. */
export interface Driving {
  state(): RunState;
  lastAt(): number;
  /** Nothing more may begin here. */
  isLeaving(): boolean;
  /** What is committed. */
  sight(): Sight;
  arrived(arrival: Arrival): void;
  handOver(): void;
  loseChildren(): void;
  /** An execution has stopped because this driver leaves. */
  left(): void;
}

/**
 * Performs what a commit has returned: starts reach the executors or other workers, stops the executions, policies their engines. What came
 * of it arrives at the driver.
 */
export class HeldCommands {
  private readonly lends = new Set<Promise<void>>();

  constructor(
    private readonly means: RunMeans,
    private readonly driving: Driving,
  ) {}

  /** What the same turn stopped is not performed. */
  perform(held: readonly Command[]): void {
    const { lender } = this.means;
    const state = this.driving.state();
    const commands = held.filter((command) => isWanted(state, command));
    const starts = commands.filter((command) => command.type === 'start');
    const lent = new Set<Command>(this.driving.isLeaving() ? [] : lender.beyondSlots(starts, state));
    if (lent.size > 0) {
      const lend = this.lend(starts.filter((start) => lent.has(start))).finally(() => this.lends.delete(lend));
      this.lends.add(lend);
    }
    for (const command of commands) {
      if (command.type === 'start' && !lent.has(command)) void this.start(command);
      if (command.type === 'stop') this.stop(command);
      if (command.type === 'judge') void this.judge(command);
    }
  }

  /** Something is on its way to other workers. */
  get isBusy(): boolean {
    return this.lends.size > 0;
  }

  /** When nothing is on its way to other workers any more. */
  async lendsSettled(): Promise<void> {
    await Promise.all(this.lends);
  }

  /** A policy whose engine is not the driver's own. Its answer is a given like the outcome of a step. */
  private async judge(command: Extract<Command, { type: 'judge' }>): Promise<void> {
    const { hands, run, values, initiators, policyLog } = this.means;
    const { driving } = this;
    const at = Math.max(driving.lastAt(), hands.clock.now());
    try {
      const body = await judgePolicy(() => driving.sight(), values, command, at, initiators, hands.judges);
      const fact = body.type === 'policy.judged' ? await policyLog.write(body) : null;
      const given = { kind: 'given', body } as const;
      driving.arrived(fact ? { kind: 'parts', parts: [{ kind: 'fact', fact }, given] } : given);
    } catch (error) {
      hands.alarm(run, 'DRIVER_FAULT', { step: command.step, reason: String(error) });
      driving.handOver();
    }
  }

  /** Offers starts to other workers. Each is looked at first as if it began here; what cannot be lent begins here. */
  private async lend(starts: readonly Start[]): Promise<void> {
    const { hands, run, secrets, lender, approved } = this.means;
    const { driving } = this;
    const offered: Start[] = [];
    const here: Start[] = [];
    try {
      for (const start of starts) {
        const { step, execution } = start;
        if (!(await this.isAsApproved(step)))
          driving.arrived({ kind: 'given', body: { type: 'attempt.stopped', step, execution, unknown: false } });
        else ((await approved.mayChangeBefore(step)) ? here : offered).push(start);
      }
      const offer = await lender.offer(offered, () => driving.sight(), driving.state());
      for (const arrival of offer.arrivals) driving.arrived(arrival);
      for (const start of [...here, ...offer.here]) this.startHere(start);
    } catch (error) {
      hands.alarm(run, 'DRIVER_FAULT', { reason: secrets.redactor.text(String(error)) });
      for (const { step, execution } of starts)
        driving.arrived({ kind: 'given', body: { type: 'attempt.unbegun', step, execution } });
      driving.handOver();
    }
  }

  /** It may have been told to stop meanwhile: then it is not begun. */
  private startHere(start: Start): void {
    if (isWanted(this.driving.state(), start)) void this.start(start);
  }

  private async start(command: Start): Promise<void> {
    const { hands, run, secrets, executions } = this.means;
    const { driving } = this;
    const { step, execution } = command;
    const slots = hands.lending?.slots;
    slots?.take();
    let mayBegin = false;
    const mayStart = async (): Promise<boolean> => (mayBegin = (await this.isAsApproved(step)) && !driving.isLeaving());
    try {
      const body = await executions.execute(
        groundOf(() => driving.sight()),
        command,
        mayStart,
      );
      if (body === 'lost') driving.loseChildren();
      else if (body === 'left') driving.left();
      else if (isStop(body) && !mayBegin && driving.isLeaving() && isWanted(driving.state(), command))
        driving.arrived({ kind: 'given', body: { type: 'attempt.unbegun', step, execution } });
      else driving.arrived({ kind: 'given', body });
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'DRIVER_FAULT';
      hands.alarm(run, code, { step, reason: secrets.redactor.text(String(error)) });
      const message = 'the step could not be started';
      driving.arrived({
        kind: 'given',
        body: { type: 'attempt.failed', step, execution, code, message, retryable: true, exitCode: null },
      });
    } finally {
      slots?.give();
    }
  }

  /** An execution that is not under way here, nor lent (it never began, or its outcome was dropped with a refused turn) is proven over. */
  private stop({ step, execution, reason }: Extract<Command, { type: 'stop' }>): void {
    const { executions, lender } = this.means;
    const { driving } = this;
    if (executions.stop(step, execution, reason) || lender.has(step, driving.state().steps.get(step))) return;
    driving.arrived({ kind: 'given', body: { type: 'attempt.stopped', step, execution, unknown: false } });
  }

  /** Before an effect behind a gate starts, what the gate's request says is derived again. A difference ends the run. */
  private async isAsApproved(step: StepId): Promise<boolean> {
    const gate = await this.means.approved.changedBefore(step);
    if (gate === null) return true;
    const message = 'what was approved is not what would run';
    this.driving.arrived({
      kind: 'given',
      body: { type: 'run.failed', code: 'GATE_CONTEXT_CHANGED', step: gate, message },
    });
    return false;
  }
}

/** What an execution ends with that was told to stop, or might not begin. */
export function isStop({ type }: GivenBody): boolean {
  return type === 'attempt.stopped' || type === 'attempt.unbegun';
}
