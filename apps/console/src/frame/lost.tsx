import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
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

/** Tells that the connection is lost, when it is back, and that what the page shows is current again. */
export function ConnectionLost() {
  const { connection } = useServices();
  const isThere = useSyncExternalStore(connection.subscribe, connection.current);
  const isSeen = useIsSeen();
  useProbe(!isThere && isSeen);
  const back = useBack(isThere, isSeen);
  return (
    <div role="status">
      {!isThere ? (
        <p className="lost">The connection is lost. The page shows the last known state and tries again.</p>
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
  );
}

/** Asks the server until it answers: many pages ask nothing by themselves, and would never learn that it can be reached. */
function useProbe(isLost: boolean): void {
  const { client, settings } = useServices();
  useEffect(() => {
    if (!isLost) return undefined;
    let pending: AbortController | null = null;
    const ask = async (): Promise<void> => {
      const asking = new AbortController();
      pending = asking;
      // Whether there is an answer is noted with every request.
      await client.api.GET('/api/me', { signal: asking.signal }).catch(() => undefined);
      if (pending === asking) pending = null;
    };
    const askAnew = (): void => {
      // A request of before the change of the network may never be answered.
      pending?.abort();
      void ask();
    };
    void ask();
    const timer = setInterval(() => void (pending === null && ask()), settings.refresh);
    window.addEventListener('online', askAnew);
    return () => {
      window.removeEventListener('online', askAnew);
      clearInterval(timer);
      pending?.abort();
    };
  }, [isLost, client, settings.refresh]);
}

/** Reads the page again when the connection is back; null: it was not lost, or this was shown for long enough. */
function useBack(isThere: boolean, isSeen: boolean): Back | null {
  const queries = useQueryClient();
  const wasLost = useRef(false);
  const [back, setBack] = useState<Back | null>(null);
  useEffect(() => {
    if (!isThere) wasLost.current = true;
    if (!isThere || !wasLost.current) return undefined;
    wasLost.current = false;
    let isStale = false;
    setBack({ kind: 'reading' });
    void readAgain(queries).then((isWhole) => {
      if (!isStale) setBack({ kind: 'read', at: new Date(), isWhole });
    });
    return () => {
      isStale = true;
    };
  }, [isThere, queries]);
  useEffect(() => {
    if (back?.kind !== 'read' || !isSeen) return undefined;
    const timer = setTimeout(() => setBack(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [back, isSeen]);
  return back;
}
