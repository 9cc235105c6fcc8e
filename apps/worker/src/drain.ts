import type { ClaimedRun } from '@taskrunner/core';

/** A step that a worker which leaves did not wait for any longer, as `step#execution`. */
export interface AbandonedStep {
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
  await Promise.race([done(), pause(graceMs - last)]);
  for (const { run, driver } of all())
    for (const step of driver?.giveUpIdempotent() ?? []) onAbandoned({ run, step, effects: 'idempotent' });
  await Promise.race([done(), pause(last)]);
  for (const { run, driver } of all())
    for (const step of driver?.underWay ?? []) onAbandoned({ run, step, effects: 'once' });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
