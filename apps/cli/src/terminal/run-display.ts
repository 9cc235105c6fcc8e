import type { RunFailure } from '../server/run-failure';
import type { LogEvent, RunView, StepView, WaitView } from '../server/run-views';

/** Shows a run while it executes. */
export interface RunDisplay {
  /** True if `steps` is needed. */
  readonly wantsSteps: boolean;
  accepted(run: RunView): void;
  line(event: LogEvent): void;
  /** Called when the run waits for something new. */
  waits(run: RunView, wait: WaitView): void;
  /** Called with a message about the command itself, such as a lost connection. */
  notice(line: string): void;
  steps(steps: readonly StepView[], order: readonly string[]): void;
  /** Draws nothing again until the returned function is called. Displays that only add lines do not need it. */
  hold?(): () => void;
  /** True if `finished` needs to know which step failed. */
  readonly wantsFailure: boolean;
  /** Called when the run has ended, as the last call. */
  finished(run: RunView, failure?: RunFailure | null): void;
  /** Called when following stops, whatever the run does. */
  close(): void;
}
