import type { LogEvent, RunView, StepView, WaitView } from '../server/run-views';

/** Shows a run while it goes on. */
export interface RunDisplay {
  /** True if `steps` is wanted. */
  readonly wantsSteps: boolean;
  accepted(run: RunView): void;
  line(event: LogEvent): void;
  /** The run waits for something new. */
  waits(run: RunView, wait: WaitView): void;
  steps(steps: readonly StepView[], order: readonly string[]): void;
  /** The run has ended; the last thing that is shown. */
  finished(run: RunView): void;
  /** The follower stops, whatever the run does. */
  close(): void;
}
