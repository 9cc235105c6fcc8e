import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { isFinal } from '../api/problem';
import type { Run } from '@taskrunner/client';
import { useIsSeen } from '../frame/seen';
import { useServices } from '../frame/services';
import { isOver } from './run-view';

/** A run whose steps progress is read again at this pace, milliseconds. */
const PACE_MS = 1_000;
/** One that waits changes with an event of the feed. This is for a feed that cannot be read. */
const WAITING_PACE_MS = 15_000;
const LONGEST_PAUSE_MS = 15_000;

interface Known {
  readonly run: Run;
  readonly tag: string;
}

/** A run that is kept up to date while the page is seen. No connection is held for it. */
export function useLiveRun(runId: string) {
  const { client, connection, feed } = useServices();
  const queries = useQueryClient();
  const isSeen = useIsSeen();
  const query = useQuery({
    queryKey: ['run', runId],
    queryFn: async ({ signal }): Promise<Known> => {
      const { data, response } = await client.api.GET('/api/runs/{runId}', { params: { path: { runId } }, signal });
      return { run: data as Run, tag: response.headers.get('etag') ?? '' };
    },
    staleTime: Infinity,
  });
  const run = query.data?.run;
  const isAlive = run !== undefined && (!isOver(run.status) || isSealing(run));
  useEffect(() => {
    if (!isSeen || !isAlive) return undefined;
    const stopping = new AbortController();
    const { signal } = stopping;
    const waker = new Waker(signal);
    const unsubscribe = feed.subscribe((change) => {
      if (change.kind === 'again' || change.events.some((event) => event.runId === runId)) waker.wake();
    });
    const follow = async (): Promise<void> => {
      // A page that was hidden shows what was known before.
      for (let failures = 0; ; await waker.pause(pauseAfter(failures, currentRun()))) {
        // The page has one schedule of tries for all requests.
        await connection.answered(signal);
        if (signal.aborted) return;
        const tag = queries.getQueryData<Known>(['run', runId])?.tag ?? '';
        try {
          const params = { path: { runId }, header: { 'If-None-Match': tag } };
          const { data, response } = await client.api.GET('/api/runs/{runId}', { params, signal });
          failures = 0;
          // Nothing has changed: 304.
          if (data === undefined) continue;
          queries.setQueryData<Known>(['run', runId], { run: data, tag: response.headers.get('etag') ?? '' });
        } catch (error) {
          if (signal.aborted || isFinal(error)) return;
          failures += 1;
        }
      }
    };
    const currentRun = (): Run | undefined => queries.getQueryData<Known>(['run', runId])?.run;
    void follow();
    return () => {
      unsubscribe();
      stopping.abort();
    };
  }, [client, connection, feed, queries, runId, isAlive, isSeen]);
  return { query, tag: query.data?.tag };
}

function pauseAfter(failures: number, run: Run | undefined): number {
  if (failures > 0) return Math.min(LONGEST_PAUSE_MS, PACE_MS * 2 ** failures);
  return run?.status === 'waiting' || run?.status === 'halted' ? WAITING_PACE_MS : PACE_MS;
}

/** After its end, a run changes once more: when its evidence is sealed. */
function isSealing({ evidence }: Run): boolean {
  return evidence.status === 'pending' || evidence.status === 'none';
}

/** A pause that can be ended. */
class Waker {
  private end: (() => void) | null = null;
  private isAwake = false;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  wake(): void {
    this.isAwake = true;
    this.end?.();
  }

  async pause(ms: number): Promise<void> {
    if (!this.isAwake)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.end = null;
    this.isAwake = false;
  }
}

/**
 * Reads what is shown of a run again after the run has changed: all queries below `['of-run', runId]`. One round follows the other, at a pace that
 * leaves the server time for large runs, and the last change is always read.
 */
export function useRefreshed(runId: string, tag: string, paceMs: number): void {
  const queries = useQueryClient();
  const latest = useRef({ tag, paceMs });
  const read = useRef(tag);
  const isBusy = useRef(false);
  latest.current = { tag, paceMs };
  useEffect(() => {
    if (isBusy.current) return;
    isBusy.current = true;
    const refresh = async (): Promise<void> => {
      while (read.current !== latest.current.tag) {
        read.current = latest.current.tag;
        await queries.invalidateQueries({ queryKey: ['of-run', runId] });
        if (read.current !== latest.current.tag)
          await new Promise((resolve) => setTimeout(resolve, latest.current.paceMs));
      }
      isBusy.current = false;
    };
    void refresh();
  }, [queries, runId, tag]);
}

/** How often the parts of a run are read again, milliseconds: a count of many steps costs the server more. */
export function paceOf({ steps }: Pick<Run, 'steps'>): number {
  return steps.total > 5_000 ? 5_000 : PACE_MS;
}
