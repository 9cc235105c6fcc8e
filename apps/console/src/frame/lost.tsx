import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Reach } from '../api/connection';
import { isUnreached } from '../api/problem';
import { useNow } from './moment';
import { readAgain } from './read-again';
import { useIsSeen } from './seen';
import { useServices } from './services';

/** How long a page that can be seen shows that the connection is back, milliseconds. */
const SHOWN_MS = 15_000;

/** A page after the connection is back: what it shows is being read again, or was. */
type Back =
  | { readonly kind: 'reading' }
  /** `isWhole`: everything was read. */
  | { readonly kind: 'read'; readonly at: Date; readonly isWhole: boolean };

/** Tells that the connection is lost, when the page tries again, when it is back, and that what the page shows is current again. */
export function ConnectionLost() {
  const { connection } = useServices();
  const reach = useSyncExternalStore(connection.subscribe, connection.current);
  const isSeen = useIsSeen();
  const { back, tryNow } = useTries(reach, isSeen);
  return (
    <div className="lost-frame">
      <div role="status">
        {reach.kind === 'lost' && back?.kind !== 'reading' ? (
          <p className="lost">
            {reach.isPart
              ? 'A part of the page cannot be read: the server did not answer all requests. The page shows the last known state.'
              : 'The connection is lost: the server cannot be reached. The page shows the last known state.'}
          </p>
        ) : back === null ? null : back.kind === 'reading' ? (
          <p className="lost" data-back="true">
            The connection is back. The page is being read again …
          </p>
        ) : back.isWhole ? (
          <p className="lost" data-back="true">
            The connection is back. The page is current as of {back.at.toLocaleTimeString()}.
          </p>
        ) : (
          <p className="lost">
            The connection is back, but a part of the page could not be read again. The page says which.
          </p>
        )}
      </div>
      {reach.kind === 'lost' && back?.kind !== 'reading' ? <NextTry reach={reach} tryNow={tryNow} /> : null}
    </div>
  );
}

interface NextTryFacts {
  readonly reach: Extract<Reach, { readonly kind: 'lost' }>;
  readonly tryNow: () => void;
}

/** Outside of what is read aloud: it changes every second. */
function NextTry({ reach: { nextAt }, tryNow }: NextTryFacts) {
  const now = useNow();
  return (
    <p className="lost next-try">
      <span className="number">
        {nextAt === null ? 'Trying now …' : `Next try in ${Math.max(1, Math.ceil((nextAt - now) / 1_000))} s.`}
      </span>{' '}
      <button type="button" className="link-button" onClick={tryNow}>
        Try now
      </button>
    </p>
  );
}

/** Makes the tries of the page at their times, while it is seen: asks the server, and reads the page again when it answers. */
function useTries(reach: Reach, isSeen: boolean): { readonly back: Back | null; readonly tryNow: () => void } {
  const { client, connection } = useServices();
  const queries = useQueryClient();
  const [back, setBack] = useState<Back | null>(null);
  const latest = useRef<() => void>(() => undefined);
  const nextAt = reach.kind === 'lost' ? reach.nextAt : null;
  const isLost = reach.kind === 'lost';
  useEffect(() => {
    if (!isLost || !isSeen) return undefined;
    let asking: AbortController | null = null;
    const attempt = async (): Promise<void> => {
      // A request of before a change of the network may never be answered.
      asking?.abort();
      const own = (asking = new AbortController());
      const { signal } = own;
      const before = connection.current();
      connection.begin();
      const isAnswered = await client.api.GET('/api/me', { signal }).then(
        () => true,
        (error: unknown) => !isUnreached(error),
      );
      if (signal.aborted) return;
      if (!isAnswered) return connection.end('lost');
      const isPart = before.kind === 'lost' && before.isPart;
      if (!isPart) setBack({ kind: 'reading' });
      const read = await readAgain(queries, isPart);
      if (signal.aborted) return;
      setBack(read === 'unreached' ? null : { kind: 'read', at: new Date(), isWhole: read === 'whole' });
      connection.end(read === 'unreached' ? 'part' : 'whole');
    };
    const online = (): void => void attempt();
    latest.current = online;
    window.addEventListener('online', online);
    // The page was hidden during a try.
    const reached = connection.current();
    if (reached.kind === 'lost' && reached.nextAt === null) online();
    return () => {
      window.removeEventListener('online', online);
      latest.current = () => undefined;
      asking?.abort();
    };
  }, [isLost, isSeen, client, connection, queries]);
  useEffect(() => {
    if (nextAt === null || !isSeen) return undefined;
    const timer = setTimeout(() => latest.current(), Math.max(0, nextAt - Date.now()));
    return () => clearTimeout(timer);
  }, [nextAt, isSeen]);
  useEffect(() => {
    if (back?.kind !== 'read' || !isSeen) return undefined;
    const timer = setTimeout(() => setBack(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [back, isSeen]);
  return { back, tryNow: () => latest.current() };
}
