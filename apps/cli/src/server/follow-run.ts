import type { Run } from '@taskrunner/client';
import type { RunDisplay } from '../terminal/run-display';
import { PATIENCE_MS } from './patience';
import { runFailure } from './run-failure';
import type { Server } from './server';

/** Options for following a run. */
interface Following {
  readonly server: Server;
  readonly runId: string;
  readonly display: RunDisplay;
  /** `attention`: also ends when the run waits for a person. */
  readonly until: 'end' | 'attention';
  readonly signal: AbortSignal;
}

/** Shows log, waits and steps of a run until it has ended (or waits for a person). Returns the run in that state. Rejects when aborted. */
export async function followRun({ server, runId, display, until, signal }: Following): Promise<Run> {
  // Not `AbortSignal.any`: see `passAbort` of the client.
  const over = new AbortController();
  const leave = (): void => over.abort(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const attention = new Promise<Run>((resolve, reject) => {
    watch(server, runId, display, over.signal, (run) => {
      if (until === 'attention' && server.needsPerson(run)) resolve(run);
    }).catch((error: unknown) => {
      if (!over.signal.aborted) reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
  attention.catch(() => undefined);
  const log = readLog(server, runId, display, over.signal);
  log.catch(() => undefined);
  try {
    const waiting = await Promise.race([log, attention]);
    if (waiting !== null) return waiting;
    over.abort();
    // The run as soon as its row is final too, which is usually immediate.
    const run = await server.client.wait(runId, { signal, giveUpAfterMs: PATIENCE_MS });
    if (display.wantsSteps) display.steps(await server.steps(runId), await server.planOrder(runId));
    display.finished(run, display.wantsFailure ? await runFailure(server, run) : null);
    return run;
  } finally {
    signal.removeEventListener('abort', leave);
    over.abort();
    display.close();
  }
}

/** Resolves to null at the end of the log. */
async function readLog(server: Server, runId: string, display: RunDisplay, signal: AbortSignal): Promise<null> {
  for await (const event of server.client.followLogs(runId, { signal, giveUpAfterMs: PATIENCE_MS }))
    if (event.eventType !== 'run.finished') display.line(event);
  return null;
}

/** Follows what is not in the log: waits and, if requested, steps. */
async function watch(
  server: Server,
  runId: string,
  display: RunDisplay,
  signal: AbortSignal,
  onChange: (run: Run) => void,
): Promise<void> {
  const reported = new Set<string>();
  const order = display.wantsSteps ? await server.planOrder(runId) : [];
  for await (const run of server.client.watch(runId, { signal, giveUpAfterMs: PATIENCE_MS })) {
    for (const wait of run.waits) {
      const key = `${wait.kind} ${wait.id ?? ''} ${wait.since ?? ''}`;
      if (reported.has(key)) continue;
      reported.add(key);
      display.waits(run, wait);
    }
    if (display.wantsSteps) display.steps(await server.steps(runId), order);
    onChange(run);
  }
}
