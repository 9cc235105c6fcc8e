import type { Api } from '../../api/api';
import { eventsOf } from '../../api/event-stream';
import { pauseFor } from '../../api/pause';
import { ApiProblem } from '../../api/problem';
import type { LogLine } from '../../api/views';
import type { LogFilter } from './log-filter';

/** What to read of a log. */
export interface LogReading {
  readonly runId: string;
  /** Where to begin: after the line with this number, or with the last lines. */
  readonly from: { readonly after: number } | { readonly tail: number };
  readonly filter: LogFilter;
  /** False: the existing lines only. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Called with the number of the line before the first of a tail. */
  readonly onTail?: (after: number) => void;
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** False while the connection is lost. */
  readonly onConnection: (isConnected: boolean) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Reads a log, and goes on where it was after a lost connection. It ends with the run, with the last existing line where it does not follow,
 * or with an error that another try does not mend.
 */
export async function readLog(api: Pick<Api, 'ask'>, reading: LogReading): Promise<void> {
  const { signal, onTail, onLines, onConnection } = reading;
  let place: { readonly after: number } | { readonly tail: number } = reading.from;
  for (let pause = FIRST_PAUSE_MS; !signal.aborted;) {
    let [wait, isWhole] = [pause, true];
    try {
      const response = await api.ask(`runs/${reading.runId}/logs`, {
        query: { ...place, ...reading.filter, follow: reading.follow ? null : false },
        headers: { Accept: 'text/event-stream' },
        signal,
      });
      onConnection(true);
      if (response.status === 204 || response.body === null) return;
      for await (const events of eventsOf(response.body)) {
        const batch = events.map(({ data }) => JSON.parse(data) as LogLine);
        pause = wait = FIRST_PAUSE_MS;
        const resume = batch.find(({ eventType }) => eventType === 'stream.resume');
        const shown = batch.filter(({ eventType }) => eventType === 'step.log');
        const tail = batch.find(({ eventType }) => eventType === 'stream.tail');
        if (tail?.after !== undefined) onTail?.(tail.after);
        const after = resume?.after ?? shown.at(-1)?.sequence ?? tail?.after;
        if (after !== undefined) place = { after };
        if (shown.length > 0) onLines(shown);
        if (batch.some(({ eventType }) => eventType === 'run.finished')) return;
        if (resume !== undefined) [wait, isWhole] = [resume.retryMs ?? FIRST_PAUSE_MS, false];
      }
      if (!reading.follow && isWhole) return;
    } catch (error) {
      if (signal.aborted) return;
      if (ApiProblem.is(error) && !error.isTransient) throw error;
      onConnection(false);
      wait = Math.max(wait, ApiProblem.is(error) ? (error.retryAfter ?? 0) : 0);
    }
    await pauseFor(wait, signal);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}
