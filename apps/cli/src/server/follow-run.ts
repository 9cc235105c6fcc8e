import type { FollowingOptions, Run } from '@taskrunner/client';
import type { RunDisplay } from '../terminal/run-display';
import { ConnectionNotice } from './connection-notice';
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
  /** Called when the run has ended, before the display says how. */
  readonly onEnd?: () => void;
  /** Called with the run as it is now, then whenever it has changed. */
  readonly onChange?: ((run: Run) => void) | undefined;
  /** True if a person looks at the output. */
  readonly isInteractive: boolean;
}

/** What reads one stream of a run. */
interface Stream extends Pick<Following, 'server' | 'runId' | 'display'> {
  readonly options: FollowingOptions;
}

/** Shows log, waits and steps of a run until it has ended (or waits for a person). Returns the run in that state. Rejects when aborted. */
export async function followRun({
  server,
  runId,
  display,
  until,
  signal,
  isInteractive,
  onEnd,
  onChange,
}: Following): Promise<Run> {
  // Not `AbortSignal.any`: see `passAbort` of the client.
  const over = new AbortController();
  const leave = (): void => over.abort(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const notice = new ConnectionNotice({ say: (line) => display.notice(line), isInteractive });
  const stream = (aborted: AbortSignal): Stream => ({
    server,
    runId,
    display,
    options: { signal: aborted, giveUpAfterMs: PATIENCE_MS, ...notice.stream() },
  });
  const attention = new Promise<Run>((resolve, reject) => {
    watch(stream(over.signal), (run) => {
      onChange?.(run);
      if (until === 'attention' && server.needsPerson(run)) resolve(run);
    }).catch((error: unknown) => {
      if (!over.signal.aborted) reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
  attention.catch(() => undefined);
  const log = readLog(stream(over.signal));
  log.catch(() => undefined);
  try {
    const waiting = await Promise.race([log, attention]);
    if (waiting !== null) return waiting;
    over.abort();
    // The run as soon as its row is final too, which is usually immediate.
    const run = await server.client.wait(runId, stream(signal).options);
    onEnd?.();
    if (display.wantsSteps) await showSteps(stream(signal), await unlessAway(server, server.planOrder(runId)));
    display.finished(run, display.wantsFailure ? await unlessAway(server, runFailure(server, run)) : null);
    return run;
  } finally {
    signal.removeEventListener('abort', leave);
    over.abort();
    notice.close();
    display.close();
  }
}

/** Resolves to null at the end of the log. */
async function readLog({ server, runId, display, options }: Stream): Promise<null> {
  for await (const event of server.client.followLogs(runId, options))
    if (event.eventType !== 'run.finished') display.line(event);
  return null;
}

/** Follows what is not in the log: waits and, if requested, steps. */
async function watch(stream: Stream, onChange: (run: Run) => void): Promise<void> {
  const { server, runId, display, options } = stream;
  const reported = new Set<string>();
  let order: readonly string[] | null = null;
  for await (const run of server.client.watch(runId, options)) {
    for (const wait of run.waits) {
      const key = `${wait.kind} ${wait.id ?? ''} ${wait.since ?? ''}`;
      if (reported.has(key)) continue;
      reported.add(key);
      display.waits(run, wait);
    }
    if (display.wantsSteps) {
      order ??= await unlessAway(server, server.planOrder(runId));
      await showSteps(stream, order);
    }
    onChange(run);
  }
}

/** `order` null: it is not known, because the server was away. The next change of the run shows them. */
async function showSteps({ server, runId, display }: Stream, order: readonly string[] | null): Promise<void> {
  const steps = order === null ? null : await unlessAway(server, server.steps(runId));
  if (steps !== null && order !== null) display.steps(steps, order);
}

/** The answer; null if the server is away for a while. Whoever follows a run can do without it. */
async function unlessAway<Answer>(server: Server, answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (server.isTemporary(error)) return null;
    throw error;
  }
}
