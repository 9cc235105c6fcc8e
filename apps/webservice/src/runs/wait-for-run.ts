import { isOver, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { RunReader, RunSummary } from '@taskrunner/core/ports';
import { filter, firstValueFrom, fromEvent, map, merge, scan, shareReplay, timer } from 'rxjs';
import type { RunTails } from './run-tails';

/** The condition of a long poll. */
export type WaitFor = 'end' | 'attention' | 'change';

/** True if the run satisfies the caller's condition. `known`: the version that the caller has. */
function isReached(run: RunSummary, what: WaitFor, known: number): boolean {
  if (isOver(run.status)) return true;
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

/** Greater than every version: the wait is over. */
const OVER = Infinity;

/** The run as soon as it satisfies the condition, or its current state at the timeout; null if it was deleted. */
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
  const end = merge(timer(signal.aborted ? 0 : timeoutMs), fromEvent(signal, 'abort')).pipe(map(() => OVER));
  // The latest version is remembered, so that a change during the read is not missed.
  const versions = merge(tails.watch(tenant, runId).pipe(map(({ version }) => version)), end).pipe(
    scan((latest, version) => Math.max(latest, version)),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const watching = versions.subscribe();
  try {
    for (let over = false; ;) {
      const run = await reader.summary(tenant, runId);
      if (!run || over || isReached(run, what, known)) return run;
      over = (await firstValueFrom(versions.pipe(filter((version) => version > run.version)))) === OVER;
    }
  } finally {
    watching.unsubscribe();
  }
}
