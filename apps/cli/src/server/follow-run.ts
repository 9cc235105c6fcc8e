import { isOver } from '@taskrunner/core/foundation';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunDisplay } from '../terminal/run-display';
import type { Client } from './client';
import { followLog } from './follow-log';
import { getRun, listSteps, planOrder } from './run-api';
import { waitsForPerson, type RunView } from './run-views';

/** Options for following a run. */
interface Following {
  readonly client: Client;
  readonly runId: string;
  readonly display: RunDisplay;
  /** `attention`: also ends when the run waits for a person. */
  readonly until: 'end' | 'attention';
  readonly signal: AbortSignal;
}

const STEPS_PAUSE_MS = 250;

/** Shows log, waits and steps of a run until it has ended (or waits for a person). Returns the run in that state. Rejects when aborted. */
export async function followRun({ client, runId, display, until, signal }: Following): Promise<RunView> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const attention = new Promise<RunView>((resolve, reject) => {
    watchRun(client, runId, display, both, (run) => {
      if (until === 'attention' && waitsForPerson(run)) resolve(run);
    }).catch((error: unknown) => {
      if (!both.aborted) reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
  attention.catch(() => undefined);
  const log = readLog(client, runId, display, both);
  log.catch(() => undefined);
  try {
    const waiting = await Promise.race([log, attention]);
    if (waiting !== null && waiting !== undefined) return waiting;
    over.abort();
    const run = await settled(client, runId, signal);
    if (display.wantsSteps) display.steps(await listSteps(client, runId), await planOrder(client, runId));
    display.finished(run);
    return run;
  } finally {
    over.abort();
    display.close();
  }
}

async function readLog(client: Client, runId: string, display: RunDisplay, signal: AbortSignal): Promise<null> {
  for await (const event of followLog(client, runId, { signal })) {
    if (event.eventType !== 'run.finished') display.line(event);
  }
  return null;
}

/** Follows what is not in the log: waits and, if requested, steps. */
async function watchRun(
  client: Client,
  runId: string,
  display: RunDisplay,
  signal: AbortSignal,
  onChange: (run: RunView) => void,
): Promise<void> {
  const reported = new Set<string>();
  const order = display.wantsSteps ? await planOrder(client, runId) : [];
  let tag: string | undefined;
  while (!signal.aborted) {
    const poll = tag === undefined ? {} : { waitSeconds: 30, for: 'change' as const, tag };
    const found = await getRun(client, runId, { ...poll, signal });
    tag = found.tag ?? tag;
    if (found.run === null) continue;
    const { run } = found;
    for (const wait of run.waits) {
      const key = `${wait.kind} ${wait.id ?? ''} ${wait.since ?? ''}`;
      if (reported.has(key)) continue;
      reported.add(key);
      display.waits(run, wait);
    }
    if (display.wantsSteps) display.steps(await listSteps(client, runId), order);
    onChange(run);
    if (isOver(run.status)) return;
    await delay(STEPS_PAUSE_MS, undefined, { signal });
  }
}

/** The run as soon as its row is final too, which is usually immediate. */
async function settled(client: Client, runId: string, signal: AbortSignal): Promise<RunView> {
  for (;;) {
    const { run } = await getRun(client, runId, { waitSeconds: 30, for: 'end', signal });
    if (run && isOver(run.status)) return run;
  }
}
