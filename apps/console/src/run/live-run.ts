import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiProblem } from '../api/problem';
import type { Run } from '../api/views';
import { useServices } from '../frame/services';
import { isOver } from './run-view';

const WAIT = '25s';
/** A run may change many times a second; the page follows at this pace, milliseconds. */
const PACE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** A run that is kept up to date while the page is seen: the server answers when the run changes. */
export function useLiveRun(runId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
  const isSeen = useIsSeen();
  const [isConnected, setConnected] = useState(true);
  const query = useQuery({
    queryKey: ['run', runId],
    queryFn: async ({ signal }) => {
      const response = await api.ask(`runs/${runId}`, { signal });
      return { run: (await response.json()) as Run, tag: response.headers.get('etag') ?? '' };
    },
    staleTime: Infinity,
  });
  const tag = query.data?.tag;
  const isAlive = query.data !== undefined && (!isOver(query.data.run.status) || isSealing(query.data.run));
  useEffect(() => {
    if (!isSeen || !isAlive || tag === undefined) return undefined;
    const stopping = new AbortController();
    const { signal } = stopping;
    const follow = async (): Promise<void> => {
      for (let pause = PACE_MS; !signal.aborted;) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (signal.aborted) return;
        try {
          const headers = { 'If-None-Match': tag };
          const response = await api.ask(`runs/${runId}`, { query: { wait: WAIT, for: 'change' }, headers, signal });
          setConnected(true);
          pause = PACE_MS;
          if (response.status === 304) continue;
          const run = (await response.json()) as Run;
          queries.setQueryData(['run', runId], { run, tag: response.headers.get('etag') ?? '' });
          return;
        } catch (error) {
          if (signal.aborted || (ApiProblem.is(error) && !error.isTransient)) return;
          setConnected(false);
          pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
        }
      }
    };
    void follow();
    return () => stopping.abort();
  }, [api, queries, runId, tag, isAlive, isSeen]);
  return { query, isConnected, tag };
}

/** After its end, a run changes once more: when its evidence is sealed. */
function isSealing({ evidence }: Run): boolean {
  return evidence.status === 'pending' || evidence.status === 'none';
}

/** True while the page can be seen. A hidden one holds no connection. */
export function useIsSeen(): boolean {
  const [isSeen, setSeen] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const change = (): void => setSeen(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', change);
    return () => document.removeEventListener('visibilitychange', change);
  }, []);
  return isSeen;
}
