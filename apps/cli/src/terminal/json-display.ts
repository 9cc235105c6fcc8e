import type { LogEvent, RunView, WaitView } from '../server/run-views';
import { logLine } from './plain-display';
import type { RunDisplay } from './run-display';
import { endHelp, endLines, waitLines } from './run-lines';
import { safeLine } from './safe-text';
import type { Terminal } from './terminal';

/** The run as one JSON document on stdout when following ends. Until then, lines for people on stderr. */
export class JsonDisplay implements RunDisplay {
  readonly wantsSteps = false;
  readonly wantsFailure = false;
  private last: RunView | null = null;

  constructor(private readonly terminal: Terminal) {}

  accepted(run: RunView): void {
    this.last = run;
    this.terminal.say(safeLine(`run ${run.runId} of ${run.pack.name} ${run.pack.version}`));
  }

  line(event: LogEvent): void {
    this.terminal.say(logLine(event));
  }

  waits(run: RunView, wait: WaitView): void {
    this.last = run;
    for (const line of waitLines(run, wait)) this.terminal.say(line);
  }

  notice(line: string): void {
    this.terminal.say(line);
  }

  steps(): void {
    // Programs request steps themselves.
  }

  finished(run: RunView): void {
    this.last = run;
    for (const line of [...endLines(run), ...endHelp(run)]) this.terminal.say(line);
  }

  close(): void {
    if (this.last !== null) this.terminal.print(JSON.stringify(this.last));
    this.last = null;
  }
}
