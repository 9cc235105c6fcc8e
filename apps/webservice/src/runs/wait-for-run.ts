import { isOver, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { RunReader, RunSummary } from '@taskrunner/core/ports';
import { filter, firstValueFrom, fromEvent, map, merge, scan, shareReplay, timer } from 'rxjs';
import type { RunTails } from './run-tails';

/** What a long poll waits for. */
export type WaitFor = 'end' | 'attention' | 'change';

/** True if the run is as the caller waits for. `known`: the version that the caller has. */
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

/** Later than every version: nobody waits any longer. */
const OVER = Infinity;

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
  const end = merge(timer(signal.aborted ? 0 : timeoutMs), fromEvent(signal, 'abort')).pipe(map(() => OVER));
  // The latest version is kept: one that comes while the run is read is not missed.
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
