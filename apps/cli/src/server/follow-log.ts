import { isOver } from '@taskrunner/core/foundation';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../terminal/cli-error';
import type { Client } from './client';
import { readEvents } from './event-stream';
import { getRun, runPath } from './run-api';
import { type LogEvent } from './run-views';
import { ServerProblem } from './server-problem';

/** Which part of a log to follow, and for how long. */
export interface LogReading {
  /** Number of the line after which to begin. */
  readonly after?: number;
  /** Number of lines before the end with which to begin. Not together with `after`. */
  readonly tail?: number | undefined;
  /** False: only the existing lines. Default true. */
  readonly follow?: boolean;
  readonly step?: string | undefined;
  /** Only lines of this attempt of the step. */
  readonly attempt?: number | undefined;
  readonly level?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Maximum time without an answer, milliseconds. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The lines of a run's log, each once and in order, over as many connections as necessary. After a broken connection, or one that its
 * server ends with `stream.resume`, reading continues after the last line. Ends with `run.finished` if the run has ended.
 */
export async function* followLog(client: Client, runId: string, reading: LogReading = {}): AsyncGenerator<LogEvent> {
  const { follow = true, step, attempt, level, tail, signal } = reading;
  // Null: the server decides where a tail begins.
  let after = reading.after ?? (tail === undefined ? 0 : null);
  let pause = FIRST_PAUSE_MS;
  let heard = Date.now();
  for (;;) {
    let mustResume = false;
    try {
      const response = await client.open(runPath(runId, '/logs'), {
        headers: { accept: 'text/event-stream', ...(after !== null && { 'last-event-id': String(after) }) },
        query: { step, attempt, level, tail, follow: follow ? undefined : 'false' },
        ...(signal ? { signal } : {}),
      });
      if (response.status === 204) {
        yield* finished(client, runId);
        return;
      }
      for await (const { id, data } of readEvents((response.body ?? []) as AsyncIterable<Uint8Array>)) {
        heard = Date.now();
        pause = FIRST_PAUSE_MS;
        const event = JSON.parse(data) as LogEvent;
        if (id !== null) after = Math.max(after ?? 0, Number(id));
        if (event.eventType === 'stream.resume') {
          mustResume = true;
          pause = event.retryMs ?? pause;
          break;
        }
        yield event;
        if (event.eventType === 'run.finished') return;
      }
      heard = Date.now();
      if (!follow && !mustResume) return;
    } catch (error) {
      if (signal?.aborted || !isPassing(error) || Date.now() - heard > PATIENCE_MS) throw error;
    }
    await delay(pause, undefined, signal ? { signal } : {});
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** The end of the log, if the server reports that there are no further lines. */
async function* finished(client: Client, runId: string): AsyncGenerator<LogEvent> {
  const { run } = await getRun(client, runId);
  if (!run || !isOver(run.status)) return;
  const { lastLine: sequence, status, finishedAt } = run;
  yield { runId, sequence, ...(finishedAt && { timestamp: finishedAt }), eventType: 'run.finished', status };
}

/** True for temporary failures: no answer, a broken connection, a server that asks to wait. A refusal is permanent. */
function isPassing(error: unknown): boolean {
  if (ServerProblem.is(error)) {
    const { status, retryable } = error.problem;
    return retryable || status === 429 || status >= 502;
  }
  if (CliError.is(error)) return error.code === 'CLI_SERVER_UNREACHABLE';
  // The TypeError of fetch (undici) for a connection that broke in the middle. Bugs are TypeErrors too, hence the check of its text.
  const { message } = error as { readonly message?: unknown };
  return /^(terminated|fetch failed)$/.test(String(message));
}
