// Seeded random numbers (mulberry32), with a stream for each purpose, so that one part's draws do not shift another part's.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A separate stream for a purpose. */
  for(purpose) {
    let hash = this.#state ^ 0x811c9dc5;
    for (const char of purpose) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
    return new Random(hash);
  }

  /** In [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` through `high`. */
  between(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  /** True in `share` of all cases. */
  chance(share) {
    return this.next() < share;
  }

  shuffled(list) {
    const left = [...list];
    for (let i = left.length - 1; i > 0; i--) {
      const j = this.between(0, i);
      [left[i], left[j]] = [left[j], left[i]];
    }
    return left;
  }
}
