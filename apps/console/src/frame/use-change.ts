import { useMutation, type UseMutationResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { sendOnce } from '../api/send-once';
import { useServices } from './services';

interface Change<Result, Variables> {
  /** What is sent, as the subject of a sentence: `the decision`. */
  readonly what: string;
  readonly send: (variables: Variables, signal: AbortSignal) => Promise<Result>;
  readonly onSuccess?: (result: Result) => unknown;
  readonly onError?: (error: Error) => unknown;
  readonly onSettled?: () => unknown;
}

/**
 * A change that a person makes. It is sent once: if there is no connection, it is not sent at all. Leaving the page ends its request, and the
 * next page says that it may have arrived.
 */
export function useChange<Result, Variables = void>(
  change: Change<Result, Variables>,
): UseMutationResult<Result, Error, Variables> {
  const { session, left } = useServices();
  const underway = useRef<{ readonly ending: AbortController; readonly what: string; readonly path: string } | null>(
    null,
  );
  useEffect(
    () => () => {
      const { current } = underway;
      if (current === null) return;
      underway.current = null;
      current.ending.abort();
      if (session.current().kind === 'signed-in') left.note({ what: current.what, path: current.path });
    },
    [session, left],
  );
  const { what, send, ...then } = change;
  return useMutation({
    mutationFn: async (variables: Variables) => {
      const ending = new AbortController();
      const { pathname, search, hash } = location;
      underway.current = { ending, what, path: `${pathname}${search}${hash}` };
      try {
        return await sendOnce(what, navigator.onLine, () => send(variables, ending.signal));
      } finally {
        if (underway.current?.ending === ending) underway.current = null;
      }
    },
    ...then,
  });
}
