import type { LogLine } from './log-lines';

/** How a log goes over the wire. */
export interface LogFormat {
  readonly mediaType: string;
  readonly begin: string;
  line(runId: string, line: LogLine): string;
  /** Tells that the reader is still connected, and how far it is of how much. */
  heartbeat(at: number, head: number): string;
  /** The last event of a run that has ended; `at`: the number of its last line; `endedAt`: milliseconds since the epoch. */
  finished(runId: string, status: string, at: number, endedAt: number): string;
  /** The last event of a stream whose run goes on. */
  resume(runId: string, resume: Resume): string;
}

/** Where a reader goes on whose stream ends before its run. */
interface Resume {
  readonly reason: string;
  /** The reader has everything up to this line. */
  readonly at: number;
  /** It comes again after so many milliseconds. */
  readonly retryMs: number;
  /** When this is told, milliseconds since the epoch. */
  readonly toldAt: number;
}

function lineJson(runId: string, { number, at, level, text, step }: LogLine): string {
  const timestamp = new Date(at).toISOString();
  return JSON.stringify({
    runId,
    sequence: number,
    timestamp,
    level,
    eventType: 'step.log',
    message: text,
    stepId: step,
  });
}

function finishedJson(runId: string, status: string, at: number, endedAt: number): string {
  const timestamp = new Date(endedAt).toISOString();
  return JSON.stringify({ runId, sequence: at, timestamp, eventType: 'run.finished', status });
}

function resumeJson(runId: string, { reason, at, retryMs, toldAt }: Resume): string {
  const timestamp = new Date(toldAt).toISOString();
  return JSON.stringify({ runId, sequence: at, timestamp, eventType: 'stream.resume', reason, after: at, retryMs });
}

/** Server-sent events (WHATWG HTML §9.2): `id` is the line's number, so that a browser resumes by itself. JSON text has no line feed. */
export const EVENT_STREAM: LogFormat = {
  mediaType: 'text/event-stream',
  begin: 'retry: 1000\n\n',
  line: (runId, line) => `id: ${line.number}\ndata: ${lineJson(runId, line)}\n\n`,
  heartbeat: (at, head) => `: at ${at} head ${head}\n\n`,
  finished: (runId, status, at, endedAt) => `id: ${at}\ndata: ${finishedJson(runId, status, at, endedAt)}\n\n`,
  // With a name, so that it is no message to a browser, which resumes by itself.
  resume: (runId, resume) =>
    `event: stream.resume\nid: ${resume.at}\nretry: ${resume.retryMs}\ndata: ${resumeJson(runId, resume)}\n\n`,
};

/** One JSON object a line. */
export const NDJSON: LogFormat = {
  mediaType: 'application/x-ndjson',
  begin: '',
  line: (runId, line) => `${lineJson(runId, line)}\n`,
  heartbeat: () => '',
  finished: (runId, status, at, endedAt) => `${finishedJson(runId, status, at, endedAt)}\n`,
  resume: (runId, resume) => `${resumeJson(runId, resume)}\n`,
};
