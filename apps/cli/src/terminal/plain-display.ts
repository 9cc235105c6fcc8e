import type { RunFailure } from '../server/run-failure';
import type { LogEvent, RunView, WaitView } from '../server/run-views';
import type { RunDisplay } from './run-display';
import { safeLine } from './safe-text';
import { endHelp, endLines, waitLines } from './run-lines';
import type { Terminal } from './terminal';

/** Sequential lines, for logs and pipes. */
export class PlainDisplay implements RunDisplay {
  readonly wantsSteps = false;
  readonly wantsFailure = true;

  constructor(private readonly terminal: Terminal) {}

  accepted({ runId, planHash, pack }: RunView): void {
    this.terminal.say(safeLine(`run ${runId} of ${pack.name} ${pack.version}`));
    this.terminal.say(`plan ${planHash}`);
  }

  line(event: LogEvent): void {
    this.terminal.print(logLine(event));
  }

  waits(run: RunView, wait: WaitView): void {
    for (const line of waitLines(run, wait)) this.terminal.say(line);
  }

  notice(line: string): void {
    this.terminal.say(line);
  }

  steps(): void {
    // Not shown here.
  }

  finished(run: RunView, failure: RunFailure | null = null): void {
    for (const line of [...endLines(run, failure), ...endHelp(run, failure)]) this.terminal.say(line);
  }

  close(): void {
    // Nothing is buffered.
  }
}

/** A log line for people: `step | text`, with dangerous characters escaped. */
export function logLine({ stepId = '', level = 'info', message = '' }: LogEvent): string {
  const mark = level === 'info' ? '' : `${level.toUpperCase()} `;
  return `${safeLine(stepId)} | ${mark}${message.split('\t').map(safeLine).join('\t')}`;
}
