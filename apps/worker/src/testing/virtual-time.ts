import timers from 'node:timers/promises';
import type { Random } from '@taskrunner/core/testing';

/** A process of the harness. Its pending events are removed with it, and delayed while it is stopped. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** It is stopped until this time. */
  frozenUntil: number;
  /** Offsets of its monotonic clock and of its wall clock from the world's, milliseconds. */
  readonly skew: { readonly monotonic: number; readonly wall: number };
}

/** A future event. */
export interface Timer {
  at: number;
  readonly order: number;
  readonly act: () => void;
  readonly owner: Process | null;
  cancelled: boolean;
  /** Unref'd timers, as in real time: nothing waits only for virtual timers. */
  unref(): void;
}

const macrotask = setImmediate;
const { setTimeout: realTimeout, clearTimeout: realClear, performance: realClock } = globalThis;
const { random: realChance } = Math;
const { now: realNow } = Date;
const realDelay = timers.setTimeout;
const unref = (): void => undefined;
/** Start time of every story. */
export const START = Date.UTC(2026, 0, 1);

/**
 * The only source of time: a queue of future events, each owned by a process or by the world. All promise continuations of an event run
 * before the next event, so a seed always gives the same course.
 */
export class VirtualTime {
  now = START;
  readonly start = this.now;
  private current: Process | null = null;
  private orders = 0;
  private readonly queue: Timer[] = [];

  constructor(private readonly random: Random) {}

  /** Owned by the current process unless another one is named; `null`: the world, which is never stopped. */
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

  /** Runs events until `done`, until there are none, or until `limit`. */
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
    // Its last continuations run in this time too, not in real time or in that of the next story.
    await this.settle();
  }

  /** Waits until all promises have settled that can. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => void macrotask(resolve));
  }

  /** The monotonic clock of the current process, milliseconds. */
  get elapsed(): number {
    return this.now - this.start + (this.current?.skew.monotonic ?? 0);
  }

  /** The wall clock of the current process, milliseconds since 1970. */
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

/** The virtual time that replaces the real one. */
let installed: VirtualTime | null = null;

/** Installs a virtual time with its seeded randomness; the returned function restores the real ones. */
export function install(time: VirtualTime): () => void {
  installed = time;
  timers.setTimeout = delay;
  return () => {
    installed = null;
    timers.setTimeout = realDelay;
  };
}

// Installed once for all stories, because Jest keeps every value that a global ever had, and everything that the value refers to.
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
