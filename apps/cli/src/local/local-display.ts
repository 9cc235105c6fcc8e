import type { LogEvent, RunView, StepView, WaitView } from '../server/run-views';
import type { RunFailure } from '../server/run-failure';
import { waitLine } from '../terminal/run-lines';
import type { RunDisplay } from '../terminal/run-display';

/** True if people decide about what a run waits for. */
export function isGate({ kind }: Pick<WaitView, 'kind'>): boolean {
  return kind === 'approval' || kind === 'policy';
}

/** A display of a run without a server: nobody else can decide, so a gate is asked here, or says how to go on. */
export class LocalDisplay implements RunDisplay {
  readonly wantsSteps: boolean;
  readonly wantsFailure: boolean;

  /** `isForPrograms`: the display prints events, which are the same as with a server. */
  constructor(
    private readonly inner: RunDisplay,
    private readonly isForPrograms: boolean,
    private readonly onWait: (wait: WaitView) => void,
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
    // What people are told of a wait names commands of a server.
    if (this.isForPrograms || wait.kind === 'attention') this.inner.waits(run, wait);
    else if (isGate(wait)) this.inner.notice(waitLine(wait));
    this.onWait(wait);
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
