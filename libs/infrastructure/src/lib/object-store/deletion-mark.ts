import { setTimeout as delay } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';

/** Time limit for a collector's decision, milliseconds. After that it leaves the object alone. */
export const DECIDE_MS = 10_000;
/** Age at which a mark belongs to a collector that died, milliseconds. */
export const MARK_MS = 30_000;
const LOOK_AGAIN_MS = 25;

/** The collectors' marks on an object in some store. */
interface MarkedObject {
  /** True while a collector's mark exists. */
  isMarked(): Promise<boolean>;
  isThere(): Promise<boolean>;
  /** Stores the object again, from the available bytes. */
  restore(): Promise<void>;
}

/**
 * The last part of a `put`, after its object was stored. A collector first sets a mark, then checks the object's age, then deletes, and
 * then removes its mark. A put first stores, then waits until there is no mark, and then checks whether its object still exists. A
 * collector that decided before the object was stored has finished by then; one that sets its mark later finds a young object. The store
 * only needs read-after-write consistency.
 */
export async function outliveCollectors(object: MarkedObject): Promise<void> {
  for (;;) {
    const until = performance.now() + MARK_MS;
    while ((await object.isMarked()) && performance.now() < until) await delay(LOOK_AGAIN_MS);
    if (await object.isThere()) return;
    await object.restore();
  }
}
