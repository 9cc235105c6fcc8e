import { useSyncExternalStore } from 'react';
import { durationText, elapsedMs, fullText, relativeText } from './time';

const EVERY_MS = 1_000;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for the page. It stops while the page is hidden. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, EVERY_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The current time. It is at most a second old. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** A time relative to now. Its title is the full time. `isPast`: it is over, although the clock of the server may be ahead. */
export function Moment({ at, isPast = false }: { readonly at: string | null; readonly isPast?: boolean }) {
  const current = useNow();
  if (at === null) return <span className="faint">–</span>;
  return (
    <time dateTime={at} title={fullText(at)}>
      {relativeText(at, current, isPast)}
    </time>
  );
}

/** The time that has elapsed so far. */
export function Elapsed({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  const current = useNow();
  const ms = elapsedMs(from, to, current);
  return ms === null ? <span className="faint">–</span> : <span>{durationText(ms)}</span>;
}
