import type { Api } from '../api/api';
import { ApiProblem } from '../api/problem';
import type { LogLine } from '../api/views';

/** What to read of a log. */
export interface LogReading {
  readonly runId: string;
  /** Where to begin: after the line with this number, or with the last lines. */
  readonly from: { readonly after: number } | { readonly tail: number };
  readonly step: string | null;
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
    let wait = pause;
    try {
      const response = await api.ask(`runs/${reading.runId}/logs`, {
        query: { ...place, step: reading.step, follow: reading.follow ? null : false },
        headers: { Accept: 'application/x-ndjson' },
        signal,
      });
      onConnection(true);
      if (response.status === 204 || response.body === null) return;
      for await (const batch of linesOf(response.body)) {
        pause = wait = FIRST_PAUSE_MS;
        const resume = batch.find(({ eventType }) => eventType === 'stream.resume');
        const shown = batch.filter(({ eventType }) => eventType === 'step.log');
        const tail = batch.find(({ eventType }) => eventType === 'stream.tail');
        if (tail?.after !== undefined) onTail?.(tail.after);
        const after = resume?.after ?? shown.at(-1)?.sequence ?? tail?.after;
        if (after !== undefined) place = { after };
        onLines(shown);
        if (batch.some(({ eventType }) => eventType === 'run.finished')) return;
        if (resume !== undefined) wait = resume.retryMs ?? FIRST_PAUSE_MS;
      }
      if (!reading.follow) return;
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

/** The JSON lines of a body, in the batches in which they come. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly LogLine[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const texts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = texts.pop() ?? '';
      const lines = texts.filter((text) => text !== '').map((text) => JSON.parse(text) as LogLine);
      if (lines.length > 0) yield lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
