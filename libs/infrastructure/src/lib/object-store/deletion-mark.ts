import { setTimeout as delay } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';

/** Time limit for a collector's decision, milliseconds. After it, the collector leaves the object alone. */
export const DECIDE_MS = 10_000;
/** Age at which a mark belongs to a collector that died, milliseconds. */
export const MARK_MS = 30_000;
const LOOK_AGAIN_MS = 25;

/** The collectors' marks on an object in some store. */
interface MarkedObject {
  /** True while a collector's mark exists. */
  isMarked(): Promise<boolean>;
  isThere(): Promise<boolean>;
  /** Stores the object again, from the staged bytes. */
  restore(): Promise<void>;
}

/**
 * Completes a `put` after its object was stored. A collector sets a mark, checks the object's age, deletes the object, and removes its
 * mark. A put stores the object, waits until there is no mark, and then checks that the object still exists. A collector that decided
 * before the object was stored has finished by then. One that sets its mark later finds a young object. The store needs only
 * read-after-write consistency.
 */
export async function outliveCollectors(object: MarkedObject): Promise<void> {
  for (;;) {
    const until = performance.now() + MARK_MS;
    while ((await object.isMarked()) && performance.now() < until) await delay(LOOK_AGAIN_MS);
    if (await object.isThere()) return;
    await object.restore();
  }
}
