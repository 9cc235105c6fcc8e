import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useServices } from './services';

/** How long the page shows that the connection is back, milliseconds. */
const SHOWN_MS = 5_000;

/** Tells that the connection is lost, and when it is back. */
export function ConnectionLost() {
  const { connection } = useServices();
  const isThere = useSyncExternalStore(connection.subscribe, connection.current);
  const wasLost = useRef(false);
  const [isBack, setBack] = useState(false);
  useEffect(() => {
    if (!isThere) wasLost.current = true;
    if (!isThere || !wasLost.current) return undefined;
    wasLost.current = false;
    setBack(true);
    const timer = setTimeout(() => setBack(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isThere]);
  return (
    <div role="status">
      {!isThere ? (
        <p className="lost">The connection is lost. The page shows the last known state and tries again.</p>
      ) : isBack ? (
        <p className="lost" data-back="true">
          The connection is back.
        </p>
      ) : null}
    </div>
  );
}
