import { useEffect, useRef, useState } from 'react';
import type { Rehearsed, Written } from './rehearsal.worker';

/** Pause after the last key before the text is read, milliseconds. */
const SETTLE_MS = 250;
/** Longest time that a text is read, milliseconds. */
const LONGEST_MS = 15_000;

interface RehearsalOfPage {
  /** The last answer, which may be of an earlier text. Null: there is none yet. */
  readonly rehearsed: Rehearsed | null;
  /** The text was changed since. */
  readonly isStale: boolean;
  /** The text took too long to read, so nothing is known of it. */
  readonly isTooLong: boolean;
}

/** What the worker says of a text. A worker that takes too long is replaced. */
export function useRehearsal(manifest: string, inputs: string, graphNodes: number): RehearsalOfPage {
  const worker = useRef<Worker | null>(null);
  const asked = useRef(0);
  const isBusy = useRef(false);
  const [rehearsed, setRehearsed] = useState<Rehearsed | null>(null);
  const [isStale, setStale] = useState(true);
  const [isTooLong, setTooLong] = useState(false);

  useEffect(() => () => worker.current?.terminate(), []);
  useEffect(() => {
    setStale(true);
    setTooLong(false);
    asked.current += 1;
    const id = asked.current;
    let limit: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      worker.current?.terminate();
      worker.current = null;
      isBusy.current = false;
    };
    const begin = setTimeout(() => {
      worker.current ??= new Worker(new URL('./rehearsal.worker.ts', import.meta.url), { type: 'module' });
      const current = worker.current;
      limit = setTimeout(() => {
        stop();
        setTooLong(true);
      }, LONGEST_MS);
      current.onmessage = ({ data }: MessageEvent<Rehearsed>) => {
        clearTimeout(limit);
        isBusy.current = false;
        if (data.id !== asked.current) return;
        setRehearsed(data);
        setStale(false);
      };
      isBusy.current = true;
      current.postMessage({ id, manifest, inputs, graphNodes } satisfies Written);
    }, SETTLE_MS);
    return () => {
      clearTimeout(begin);
      clearTimeout(limit);
      // Nobody waits for that text any more.
      if (isBusy.current) stop();
    };
  }, [manifest, inputs, graphNodes]);
  return { rehearsed, isStale, isTooLong };
}
