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
}

const macrotask = setImmediate;

/**
 * The only time there is: a queue of what will happen, each in the name of a process or of the world. What code does with
 * promises after it was told something is done before the next thing happens, so a seed always gives the same course.
 */
export class VirtualTime {
  now = Date.UTC(2026, 0, 1);
  readonly start = this.now;
  private current: Process | null = null;
  private orders = 0;
  private readonly queue: Timer[] = [];

  constructor(private readonly random: Random) {}

  /** In the name of the process that runs now, unless another is named; `null`: the world, which never waits for promises. */
  after(ms: number, act: () => void, owner: Process | null = this.current): Timer {
    const timer: Timer = {
      at: this.now + Math.max(0, ms),
      ...{ order: ++this.orders, act, owner, cancelled: false },
    };
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
      if (done()) return;
    }
  }

  /** Until all promises that can are settled. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => void macrotask(resolve));
  }

  /** Puts this time, and seeded chance, in the place of the real ones; the answer puts them back. */
  install(): () => void {
    const globals = globalThis as unknown as Record<string, unknown>;
    const set = (callback: () => void, ms = 0): Timer & { unref(): void } =>
      Object.assign(this.after(ms, callback), { unref: () => undefined });
    const clear = (timer: Timer | undefined): void => {
      if (timer) timer.cancelled = true;
    };
    const replaced: Record<string, unknown> = {
      setTimeout: set,
      clearTimeout: clear,
      performance: { now: () => this.now - this.start + (this.current?.skew.monotonic ?? 0) },
    };
    const before = Object.fromEntries(Object.keys(replaced).map((name) => [name, globals[name]]));
    const { random, now } = { random: Math.random, now: Date.now };
    const delay = timers.setTimeout;
    for (const [name, value] of Object.entries(replaced))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    Math.random = () => this.random.next();
    Date.now = () => this.now + (this.current?.skew.wall ?? 0);
    timers.setTimeout = ((ms: number) => new Promise<void>((resolve) => void set(resolve, ms))) as typeof delay;
    return () => {
      for (const [name, value] of Object.entries(before))
        Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
      Math.random = random;
      Date.now = now;
      timers.setTimeout = delay;
    };
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

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
