import timers from 'node:timers/promises';
import type { Random } from '@taskrunner/core/testing';

/** A process of the harness: what it has waiting goes with it, and comes later if it stands still. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** Nothing of it goes on before this time. */
  frozenUntil: number;
  /** Its monotonic clock is ahead of the world's by this, milliseconds; and its wall clock by that. */
  readonly skew: { readonly monotonic: number; readonly wall: number };
}

/** Something that will happen. */
export interface Timer {
  at: number;
  readonly order: number;
  readonly act: () => void;
  readonly owner: Process | null;
  cancelled: boolean;
  /** As those of the real time have it: nothing waits for virtual timers alone. */
  unref(): void;
}

const macrotask = setImmediate;
const { setTimeout: realTimeout, clearTimeout: realClear, performance: realClock } = globalThis;
const { random: realChance } = Math;
const { now: realNow } = Date;
const realDelay = timers.setTimeout;
const unref = (): void => undefined;
/** When every story begins. */
export const START = Date.UTC(2026, 0, 1);

/**
 * The only time there is: a queue of what will happen, each in the name of a process or of the world. What code does with
 * promises after it was told something is done before the next thing happens, so a seed always gives the same course.
 */
export class VirtualTime {
  now = START;
  readonly start = this.now;
  private current: Process | null = null;
  private orders = 0;
  private readonly queue: Timer[] = [];

  constructor(private readonly random: Random) {}

  /** In the name of the process that runs now, unless another is named; `null`: the world, which never waits for promises. */
  after(ms: number, act: () => void, owner: Process | null = this.current): Timer {
    const at = this.now + Math.max(0, ms);
    const timer: Timer = { at, order: ++this.orders, act, owner, cancelled: false, unref };
    this.push(timer);
    return timer;
  }

  /** Lets a process begin something now. */
  as(owner: Process, act: () => void): void {
    const before = this.current;
    this.current = owner;
    act();
    this.current = before;
  }

  /** Goes on until `done`, until nothing is left, or until `limit`. */
  async run(limit: number, done: () => boolean): Promise<void> {
    await this.settle();
    for (let timer = this.pop(); timer; timer = this.pop()) {
      if (timer.at > limit) {
        this.push(timer);
        return;
      }
      this.now = Math.max(this.now, timer.at);
      const { owner } = timer;
      if (timer.cancelled || owner?.alive === false) continue;
      if (owner && owner.frozenUntil > this.now) {
        timer.at = owner.frozenUntil;
        this.push(timer);
        continue;
      }
      this.current = owner;
      timer.act();
      if (owner) await this.settle();
      this.current = null;
      if (done()) break;
    }
    // What the last of it has begun goes on in this time too, not in the real one or in that of the next story.
    await this.settle();
  }

  /** Until all promises that can are settled. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => void macrotask(resolve));
  }

  /** The monotonic clock of the process that runs now, milliseconds. */
  get elapsed(): number {
    return this.now - this.start + (this.current?.skew.monotonic ?? 0);
  }

  /** The wall clock of the process that runs now, milliseconds since 1970. */
  get wall(): number {
    return this.now + (this.current?.skew.wall ?? 0);
  }

  get chance(): number {
    return this.random.next();
  }

  private push(timer: Timer): void {
    const { queue } = this;
    let i = queue.push(timer) - 1;
    while (i > 0) {
      const above = (i - 1) >> 1;
      if (!isBefore(timer, queue[above] as Timer)) break;
      queue[i] = queue[above] as Timer;
      i = above;
    }
    queue[i] = timer;
  }

  private pop(): Timer | undefined {
    const { queue } = this;
    const first = queue[0];
    const last = queue.pop();
    if (!first || !last || queue.length === 0) return first;
    let i = 0;
    for (;;) {
      let below = 2 * i + 1;
      if (below >= queue.length) break;
      if (below + 1 < queue.length && isBefore(queue[below + 1] as Timer, queue[below] as Timer)) below++;
      if (!isBefore(queue[below] as Timer, last)) break;
      queue[i] = queue[below] as Timer;
      i = below;
    }
    queue[i] = last;
    return first;
  }
}

/** The one that is in the place of the real time. */
let installed: VirtualTime | null = null;

/** Puts a time, and its seeded chance, in the place of the real ones; the answer puts them back. */
export function install(time: VirtualTime): () => void {
  installed = time;
  timers.setTimeout = delay;
  return () => {
    installed = null;
    timers.setTimeout = realDelay;
  };
}

// Once for all stories: Jest keeps every value that a global ever had, and with it all that the value refers to.
const globals = {
  setTimeout: (act: () => void, ms = 0) => (installed ? installed.after(ms, act) : realTimeout(act, ms)),
  clearTimeout: (timer: Timer | NodeJS.Timeout | undefined) => {
    if (timer && 'cancelled' in timer) timer.cancelled = true;
    else realClear(timer);
  },
  setImmediate: (act: () => void) => (installed ? installed.after(0, act) : macrotask(act)),
  performance: { now: () => installed?.elapsed ?? realClock.now() },
};
for (const [name, value] of Object.entries(globals))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
Math.random = () => installed?.chance ?? realChance();
Date.now = () => installed?.wall ?? realNow();
const delay = ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))) as typeof realDelay;

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
