// How fast the memory of the machine is. On a virtual machine it changes from hour to hour, and engines do not suffer from it alike.

/** Larger than the caches of a processor. */
const ENTRIES = 2 ** 25;
const ACCESSES = 2_000_000;
/** A full cycle through all entries (Hull and Dobell, 1962): a multiplier of the form 4k + 1, and an odd increment. */
const [FACTOR, STEP] = [1_664_525, 1_013_904_223];

/** Duration of a read of memory whose place is known only from the read before it, nanoseconds. */
export function randomAccessNs() {
  const next = new Int32Array(ENTRIES);
  for (let i = 0; i < ENTRIES; i++) next[i] = (Math.imul(i, FACTOR) + STEP) & (ENTRIES - 1);
  let at = 0;
  const began = performance.now();
  for (let i = 0; i < ACCESSES; i++) at = next[at];
  const took = performance.now() - began;
  // The result is used, so that the loop is not left out.
  return at < 0 ? 0 : (took * 1e6) / ACCESSES;
}
