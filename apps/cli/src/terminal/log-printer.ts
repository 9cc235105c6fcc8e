import type { LogEvent } from '../server/run-views';
import { logLine } from './plain-display';
import { safeLine } from './safe-text';
import type { Terminal } from './terminal';

/** Prints a log: lines for people, a JSON value on each line (`ndjson`), or one JSON value `{items: […]}` that is written as it comes. */
export class LogPrinter {
  private hasItems = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly output: string,
    private readonly withTimes: boolean,
  ) {
    if (output === 'json') terminal.print('{"items":[');
  }

  print(event: LogEvent): void {
    const { eventType, ...rest } = event;
    if (this.output === 'ndjson' || this.output === 'json') {
      const comma = this.output === 'json' && this.hasItems ? ',' : '';
      this.terminal.print(comma + JSON.stringify({ type: eventType, ...rest }));
      this.hasItems = true;
    } else if (eventType !== 'run.finished') this.terminal.print(this.timed(event));
  }

  private timed(event: LogEvent): string {
    const { timestamp } = event;
    if (!this.withTimes || timestamp === undefined) return logLine(event);
    const instant = new Date(timestamp);
    const time = Number.isNaN(instant.getTime())
      ? safeLine(timestamp)
      : timeOfDay(instant, this.terminal.isInteractive);
    return `${time} ${logLine(event)}`;
  }

  /** Completes the JSON value. */
  close(): void {
    if (this.output === 'json') this.terminal.print(']}');
  }
}

/** On a terminal the local time of day; elsewhere the instant, so that lines of several days can be sorted. */
export function timeOfDay(instant: Date, isInteractive: boolean): string {
  if (!isInteractive) return instant.toISOString();
  return [instant.getHours(), instant.getMinutes(), instant.getSeconds()]
    .map((one) => String(one).padStart(2, '0'))
    .join(':');
}
