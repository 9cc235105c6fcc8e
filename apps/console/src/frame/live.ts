import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { FeedChange } from '../api/feed';
import { useMe } from './me';
import { useIsSeen } from './seen';
import { useServices } from './services';

/** Many events may come at once; what they changed is read again at this pace, milliseconds. */
const PACE_MS = 1_000;

/** Keeps lists up to date while the page is seen: they are read again when the tenant's feed tells that something has changed. */
export function useLiveLists(): void {
  const { feed } = useServices();
  const queries = useQueryClient();
  const isSeen = useIsSeen();
  const { data: me } = useMe();
  const reader = me === undefined ? null : JSON.stringify([me.tenant, me.person.iss, me.person.sub]);
  useEffect(() => {
    if (reader === null || !isSeen) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const names = new Set<string>();
    const refresh = (): void => {
      timer = undefined;
      for (const name of names) void queries.invalidateQueries({ queryKey: [name] }, { cancelRefetch: false });
      names.clear();
    };
    const unsubscribe = feed.subscribe((change) => {
      for (const name of listsOf(change)) names.add(name);
      timer ??= setTimeout(refresh, PACE_MS);
    });
    const leave = feed.join(reader);
    return () => {
      leave();
      unsubscribe();
      clearTimeout(timer);
    };
  }, [feed, queries, reader, isSeen]);
}

/** The lists that a change can have changed. */
function listsOf(change: FeedChange): readonly string[] {
  if (change.kind === 'again') return ['runs', 'approvals'];
  return change.events.some(({ type }) => type.startsWith('gate.')) ? ['runs', 'approvals'] : ['runs'];
}
