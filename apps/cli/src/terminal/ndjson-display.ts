import type { LogEvent, RunView, WaitView } from '../server/run-views';
import type { RunDisplay } from './run-display';
import type { Terminal } from './terminal';

/** One JSON event per line on stdout; the last is `run.finished`. */
export class NdjsonDisplay implements RunDisplay {
  readonly wantsSteps = false;
  readonly wantsFailure = false;

  constructor(private readonly terminal: Terminal) {}

  accepted({ runId, planHash, status }: RunView): void {
    this.emit({ type: 'run.accepted', runId, planHash, status });
  }

  line({ eventType, ...event }: LogEvent): void {
    this.emit({ type: eventType, ...event });
  }

  waits({ runId }: RunView, wait: WaitView): void {
    this.emit({ type: 'run.waiting', runId, ...wait });
  }

  notice(line: string): void {
    this.terminal.say(line);
  }

  steps(): void {
    // Programs request steps themselves.
  }

  finished({ runId, status, error, outputs, message, messageError, evidence }: RunView): void {
    this.emit({ type: 'run.finished', runId, status, error, outputs, message, messageError, evidence });
  }

  close(): void {
    // Nothing is buffered.
  }

  private emit(event: object): void {
    this.terminal.print(JSON.stringify(event));
  }
}
