import { setTimeout as delay } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';

/** A collector that has not decided by then lets the object be, milliseconds. */
export const DECIDE_MS = 10_000;
/** A mark that stands longer belongs to a collector that died, milliseconds. */
export const MARK_MS = 30_000;
const LOOK_AGAIN_MS = 25;

/** The marks of collectors, and one object, in some store. */
interface MarkedObject {
  /** True while a collector's mark stands. */
  isMarked(): Promise<boolean>;
  isThere(): Promise<boolean>;
  /** Stores the object again, from what is at hand. */
  restore(): Promise<void>;
}

/**
 * What a `put` does when its object is stored. A collector first marks, then looks at the object's age, then deletes, then takes its mark
 * away. A put first stores, then waits until no mark stands, then looks whether its object is still there: a collector that
 * decided before the put stored is through by then, and one that marks later finds the object young. Needs of the store only that it
 * reads what was written.
 */
export async function outliveCollectors(object: MarkedObject): Promise<void> {
  for (;;) {
    const until = performance.now() + MARK_MS;
    while ((await object.isMarked()) && performance.now() < until) await delay(LOOK_AGAIN_MS);
    if (await object.isThere()) return;
    await object.restore();
  }
}
