import type { LogLevel, LogLine } from '../api/types';
import type { Api } from '../connection/api';
import { unreachable } from '../connection/unreachable';
import { ClientError } from '../problem/client-error';
import { optionFrom } from '../problem/option';
import { Retry, type FollowingOptions } from '../retry/retry';
import { getRun } from '../runs/get-run';
import { IDLE_MS } from '../stream/event-stream';
import { lineOf, openLog } from './log-connection';

/** Selection of the lines of a log, and of the time to follow it. */
export interface LogOptions extends FollowingOptions {
  /** Number of the line after which to start. Default 0: from the first line. */
  readonly after?: number;
  /** Maximum number of the last lines with which to start. Not together with `after`. */
  readonly tail?: number;
  /** Only lines of this step and its child steps. */
  readonly step?: string;
  /** Only lines of this attempt of the step. Requires `step`. */
  readonly attempt?: number;
  /** Only lines of this level or a higher one. */
  readonly level?: LogLevel;
  /** False: only existing lines. Default true: until the run has ended. */
  readonly follow?: boolean;
  /** Time without any data, including heartbeats, after which a connection is replaced, milliseconds. Default 30 000. */
  readonly idleMs?: number;
  /** Called with the beginning of a `tail`: `complete` is false if the server stopped searching before it found as many lines. */
  readonly onTail?: (tail: LogLine) => void;
}

/**
 * The lines of a run's log, in order and without duplicates, over any number of connections. The last one is `run.finished` with the status
 * of the run. A followed log ends only with that line, or with a response that there are no more lines. Rejects with `ApiProblem` if the
 * server refuses the request, with the reason of the signal, and with errors of `token`. If the server does not respond, it retries without
 * limit unless `giveUpAfterMs` is set.
 */
export async function* followLogs(api: Api, runId: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
  const { tail, step, attempt, level, follow = true, signal, onConnected, onTail } = options;
  const idleMs = optionFrom('idleMs', options.idleMs ?? IDLE_MS, 1);
  // Null: the server determines where a tail starts.
  let after = beginningOf(options);
  const retry = new Retry(options);
  for (;;) {
    let failure: unknown = null;
    let resumeMs: number | undefined;
    try {
      const events = await openLog(api, { runId, after, tail, step, attempt, level, follow, idleMs, signal });
      onConnected?.();
      if (events === null) {
        yield await finished(api, runId, signal);
        return;
      }
      for await (const event of events) {
        retry.answered();
        if (event.kind === 'event') {
          const { number } = event;
          const line = lineOf(event.data);
          if (line.eventType === 'stream.tail') onTail?.(line);
          // A line that was sent already is not sent again, whatever the server was asked for.
          if (line.eventType === 'run.finished' || (line.eventType === 'step.log' && number > (after ?? 0))) yield line;
          if (line.eventType === 'run.finished') return;
          if (line.eventType === 'stream.resume') resumeMs = line.retryMs ?? 0;
        }
        after = Math.max(after ?? 0, event.number);
        if (resumeMs !== undefined) break;
      }
      if (resumeMs === undefined) {
        if (!follow) return;
        failure = unreachable(new Error('it has ended the connection'));
      }
    } catch (error) {
      failure = error;
    }
    await retry.after(failure, resumeMs);
  }
}

function beginningOf({ after, tail }: LogOptions): number | null {
  if (after !== undefined && tail !== undefined)
    throw new ClientError('CLIENT_OPTION_INVALID', 'after and tail are both set', 'Set one of them.');
  return tail === undefined ? optionFrom('after', after ?? 0, 0) : null;
}

/** The last line of a log whose reader has all other lines. */
async function finished(api: Api, runId: string, signal: AbortSignal | undefined): Promise<LogLine> {
  const { lastLine: sequence, status, finishedAt } = await getRun(api, runId, signal);
  // A halted run has no end time. The server sends the current time too.
  const timestamp = finishedAt ?? new Date().toISOString();
  return { runId, sequence, timestamp, eventType: 'run.finished', status };
}
