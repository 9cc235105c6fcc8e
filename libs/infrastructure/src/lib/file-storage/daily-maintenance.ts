const DAY_MS = 86_400_000;

/**
 * Maintains a database now and once a day. No other process can do it, because the folder belongs to this one. `maintain` must not reject. The
 * result ends it, and waits for a maintenance that is under way.
 */
export function maintainDaily(maintain: () => Promise<void>): () => Promise<void> {
  let current = maintain();
  const timer = setInterval(() => void (current = current.then(maintain)), DAY_MS).unref();
  return () => {
    clearInterval(timer);
    return current;
  };
}
