import type { ClaimedRun } from '@taskrunner/core/ports';

/** A step for which a leaving worker did not wait any longer, as `step#execution`. */
interface AbandonedStep {
  readonly run: Pick<ClaimedRun, 'tenant' | 'runId'>;
  readonly step: string;
  readonly effects: 'idempotent' | 'once';
}

/** How long a leaving worker waits, milliseconds, and a callback for the steps that it abandons. */
export interface Grace {
  readonly graceMs: number;
  /** How long a step may take to stop. */
  readonly stopMs?: number;
  readonly onAbandoned?: (abandoned: AbandonedStep) => void;
}

/** The driver or assignment of a run in this process; null while it is being opened. */
interface Leaving {
  readonly run: AbandonedStep['run'];
  readonly driver: {
    leave(): void;
    giveUpIdempotent(): readonly string[];
    readonly underWay: readonly string[];
  } | null;
}

/**
 * Tells all drivers to leave and waits for steps in progress. Steps that may begin again elsewhere have until `stopMs` before the end of
 * the grace period, so that they can be stopped within it; `once` steps have until its end. `done`: resolves when nothing is in progress.
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

/**
 * Resolves when `work` is done, or after the given milliseconds. It leaves no timer, which would keep an otherwise finished process alive.
 */
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
