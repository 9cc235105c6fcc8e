import type { RunReader, RunId, RunSummary, TenantId } from '@taskrunner/core';
import { hasEnded, type RunTails } from './run-tails';

/** What a long poll waits for. */
export type WaitFor = 'end' | 'attention' | 'change';

/** True if the run is as the caller waits for. `known`: the version that the caller has. */
export function isReached(run: RunSummary, what: WaitFor, known: number): boolean {
  if (hasEnded(run.status)) return true;
  switch (what) {
    case 'end':
      return false;
    case 'attention':
      return (
        Array.isArray(run.waits) &&
        run.waits.some((wait) => ['approval', 'policy', 'attention'].includes((wait as { kind: string }).kind))
      );
    case 'change':
      return run.version !== known;
  }
}

/** The run as soon as it is as the caller waits for, or as it is when the time is over; null if it is gone. */
export async function waitForRun(
  reader: RunReader,
  tails: RunTails,
  {
    tenant,
    runId,
    what,
    known,
    timeoutMs,
    signal,
  }: {
    readonly tenant: TenantId;
    readonly runId: RunId;
    readonly what: WaitFor;
    readonly known: number;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<RunSummary | null> {
  let wake = (): void => undefined;
  let over = false;
  const end = (): void => {
    over = true;
    wake();
  };
  let version = -1;
  const unwatch = tails.watch(tenant, runId, (tail) => {
    version = tail.version;
    wake();
  });
  const timer = setTimeout(end, timeoutMs);
  signal.addEventListener('abort', end);
  try {
    for (;;) {
      const run = await reader.summary(tenant, runId);
      if (!run || over || isReached(run, what, known)) return run;
      if (version > run.version) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    unwatch();
  }
}
