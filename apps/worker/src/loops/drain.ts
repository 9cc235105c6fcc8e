import type { ClaimedRun } from '@taskrunner/core/ports';

/** A step that a worker which leaves did not wait for any longer, as `step#execution`. */
interface AbandonedStep {
  readonly run: Pick<ClaimedRun, 'tenant' | 'runId'>;
  readonly step: string;
  readonly effects: 'idempotent' | 'once';
}

/** How long a worker that leaves waits, milliseconds, and whom it tells what it does not wait for. */
export interface Grace {
  readonly graceMs: number;
  /** How long a step may take to stop. */
  readonly stopMs?: number;
  readonly onAbandoned?: (abandoned: AbandonedStep) => void;
}

/** What works for a run in this process; null while it is being opened. */
export interface Leaving {
  readonly run: AbandonedStep['run'];
  readonly driver: {
    leave(): void;
    giveUpIdempotent(): readonly string[];
    readonly underWay: readonly string[];
  } | null;
}

/**
 * Has everything leave, and waits for steps that are under way: for those that may begin again elsewhere until `stopMs` before the grace is
 * over, so that stopping them fits into it, for `once` steps until it is over. `done`: resolves when nothing is under way any more.
 */
export async function letEnd(
  all: () => readonly Leaving[],
  done: () => Promise<void>,
  { graceMs, stopMs = 0, onAbandoned = () => undefined }: Grace,
): Promise<void> {
  const last = Math.min(graceMs, stopMs);
  for (const { driver } of all()) driver?.leave();
  await atMost(graceMs - last, done());
  for (const { run, driver } of all())
    for (const step of driver?.giveUpIdempotent() ?? []) onAbandoned({ run, step, effects: 'idempotent' });
  await atMost(last, done());
  for (const { run, driver } of all())
    for (const step of driver?.underWay ?? []) onAbandoned({ run, step, effects: 'once' });
}

/** Resolves when `work` is done, or after so many milliseconds. It leaves no timer, which would hold a process that has ended everything. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
