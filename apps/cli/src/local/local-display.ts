import type { LogEvent, RunView, StepView, WaitView } from '../server/run-views';
import type { RunFailure } from '../server/run-failure';
import { waitLine } from '../terminal/run-lines';
import type { RunDisplay } from '../terminal/run-display';

/** A display of a run without a server: nobody else can decide, so a gate is asked here, or says how to go on. */
export class LocalDisplay implements RunDisplay {
  readonly wantsSteps: boolean;
  readonly wantsFailure: boolean;

  /** `isForPrograms`: the display prints events, which are the same as with a server. */
  constructor(
    private readonly inner: RunDisplay,
    private readonly isForPrograms: boolean,
    private readonly onGate: (gateId: string) => void,
  ) {
    this.wantsSteps = inner.wantsSteps;
    this.wantsFailure = inner.wantsFailure;
  }

  accepted(run: RunView): void {
    this.inner.accepted(run);
  }

  line(event: LogEvent): void {
    this.inner.line(event);
  }

  waits(run: RunView, wait: WaitView): void {
    const isGate = wait.kind === 'approval' || wait.kind === 'policy';
    if (!isGate || this.isForPrograms) this.inner.waits(run, wait);
    else this.inner.notice(waitLine(wait));
    if (isGate && wait.id !== null) this.onGate(wait.id);
  }

  notice(line: string): void {
    this.inner.notice(line);
  }

  steps(steps: readonly StepView[], order: readonly string[]): void {
    this.inner.steps(steps, order);
  }

  hold(): () => void {
    return this.inner.hold?.() ?? (() => undefined);
  }

  finished(run: RunView, failure: RunFailure | null = null): void {
    this.inner.finished(run, failure);
  }

  close(): void {
    this.inner.close();
  }
}
