/**
 * Passes the abort of a signal on to a controller, until the returned function is called. `AbortSignal.any` would do the same, but some
 * releases of Node.js lose its aborts when the combined signal is garbage-collected.
 */
export function passAbort(signal: AbortSignal | undefined, controller: AbortController): () => void {
  const onAbort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return () => signal?.removeEventListener('abort', onAbort);
}
