import type { LogLevel } from '@taskrunner/core/journal';
import type { LogLine } from './log-lines';

/** The wire format of a log. */
export interface LogFormat {
  readonly mediaType: string;
  readonly begin: string;
  line(runId: string, line: LogLine): string;
  /** Reports that the connection is alive, and how far the reader is. */
  heartbeat(at: number, head: number): string;
  /** The last event of an ended run; `at`: the number of its last line; `endedAt`: milliseconds since the epoch. */
  finished(runId: string, status: string, at: number, endedAt: number): string;
  /** The last event of a stream whose run continues. */
  resume(runId: string, resume: Resume): string;
  /** The first event of a tail; `toldAt`: milliseconds since the epoch. */
  tail(runId: string, start: TailStart, toldAt: number): string;
}

/** Where a tail begins. */
export interface TailStart {
  /** The tail has lines after this one. */
  readonly after: number;
  /** False: the limits of a request were reached before as many lines were found as the reader wants. */
  readonly isComplete: boolean;
}

/** A line as the API shows it. */
export interface LineEvent {
  readonly runId: string;
  readonly sequence: number;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly eventType: 'step.log';
  readonly message: string;
  readonly stepId: string;
  /** Absent if the step has no attempts, or it is not recorded. */
  readonly attempt?: number;
  readonly execution: number;
}

/** Where to resume if a stream ends before its run. */
interface Resume {
  readonly reason: string;
  /** The reader has all lines up to this one. */
  readonly at: number;
  /** Delay before reconnecting, milliseconds. */
  readonly retryMs: number;
  /** Time of the event, milliseconds since the epoch. */
  readonly toldAt: number;
}

export function lineEvent(runId: string, { number, at, level, text, step, attempt, execution }: LogLine): LineEvent {
  const timestamp = new Date(at).toISOString();
  const of = { runId, sequence: number, timestamp, level, eventType: 'step.log' as const, message: text, stepId: step };
  return attempt === null ? { ...of, execution } : { ...of, attempt, execution };
}

function lineJson(runId: string, line: LogLine): string {
  return JSON.stringify(lineEvent(runId, line));
}

function finishedJson(runId: string, status: string, at: number, endedAt: number): string {
  const timestamp = new Date(endedAt).toISOString();
  return JSON.stringify({ runId, sequence: at, timestamp, eventType: 'run.finished', status });
}

function resumeJson(runId: string, { reason, at, retryMs, toldAt }: Resume): string {
  const timestamp = new Date(toldAt).toISOString();
  return JSON.stringify({ runId, sequence: at, timestamp, eventType: 'stream.resume', reason, after: at, retryMs });
}

function tailJson(runId: string, { after, isComplete }: TailStart, toldAt: number): string {
  const timestamp = new Date(toldAt).toISOString();
  return JSON.stringify({ runId, sequence: after, timestamp, eventType: 'stream.tail', after, complete: isComplete });
}

/**
 * Server-sent events (WHATWG HTML §9.2). `id` is the line's number, so that a browser resumes automatically. JSON text contains no line
 * feed.
 */
export const EVENT_STREAM: LogFormat = {
  mediaType: 'text/event-stream',
  begin: 'retry: 1000\n\n',
  line: (runId, line) => `id: ${line.number}\ndata: ${lineJson(runId, line)}\n\n`,
  heartbeat: (at, head) => `: at ${at} head ${head}\n\n`,
  finished: (runId, status, at, endedAt) => `id: ${at}\ndata: ${finishedJson(runId, status, at, endedAt)}\n\n`,
  // Named events are not messages to a browser, which resumes automatically.
  resume: (runId, resume) =>
    `event: stream.resume\nid: ${resume.at}\nretry: ${resume.retryMs}\ndata: ${resumeJson(runId, resume)}\n\n`,
  // Its id is where a browser continues that is disconnected before the first line.
  tail: (runId, start, toldAt) => `event: stream.tail\nid: ${start.after}\ndata: ${tailJson(runId, start, toldAt)}\n\n`,
};

/** One JSON object per line. */
export const NDJSON: LogFormat = {
  mediaType: 'application/x-ndjson',
  begin: '',
  line: (runId, line) => `${lineJson(runId, line)}\n`,
  heartbeat: () => '',
  finished: (runId, status, at, endedAt) => `${finishedJson(runId, status, at, endedAt)}\n`,
  resume: (runId, resume) => `${resumeJson(runId, resume)}\n`,
  tail: (runId, start, toldAt) => `${tailJson(runId, start, toldAt)}\n`,
};
