import { gatheredLines } from './gathered-lines';
import { loggable } from './log-fields';
import type { LogLevel } from './telemetry-options';
import type { Tracing } from './tracing';

/** Further receivers of each line. */
export type LogListener = (line: {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}) => void;

const ORDER: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/**
 * The log of a service: one JSON object per line, with the trace to which it belongs. Events are names (`run.driven`), never sentences;
 * details are in fields. Errors keep their code and cause. The log never contains a value of a run.
 */
export class JsonLog {
  private listener: LogListener = () => undefined;
  private traceOf: Tracing['current'] = () => null;

  constructor(
    private readonly level: LogLevel,
    private readonly service: string,
    private readonly write: (line: string) => void = gatheredLines((text) => void process.stderr.write(text)),
  ) {}

  /** Sets the receiver of every line. */
  sendTo(listener: LogListener): void {
    this.listener = listener;
  }

  /** Sets where the trace of a line is found: the current one, or that of the run in its fields. */
  traceBy(tracing: Tracing): void {
    this.traceOf = (runId) => tracing.current(runId);
  }

  say(level: LogLevel, event: string, supplied: Readonly<Record<string, unknown>> = {}): void {
    this.print(level, event, supplied, true);
  }

  /** Writes only to the local log, for failures of the export itself. */
  sayHere(level: LogLevel, event: string, supplied: Readonly<Record<string, unknown>> = {}): void {
    this.print(level, event, supplied, false);
  }

  private print(level: LogLevel, event: string, supplied: Readonly<Record<string, unknown>>, sent: boolean): void {
    if (ORDER.indexOf(level) < ORDER.indexOf(this.level)) return;
    const fields = loggable(supplied, level === 'error') as Record<string, unknown>;
    const span = this.traceOf(supplied['runId']);
    const traced = span === null ? {} : { trace_id: span.traceId, span_id: span.spanId };
    const head = { time: new Date().toISOString(), level, service: this.service, event };
    this.write(`${JSON.stringify(Object.assign({}, head, fields, head, traced))}\n`);
    if (sent) this.listener({ level, event, fields });
  }
}
