import type { Request } from 'express';

/**
 * Lets bodies arrive in turns. Fast senders can fill each turn of the event loop with MiB. Therefore a body waits after each part, and only
 * a few waiting bodies continue in each turn, so that other work is served in between.
 */
export class ReadingTurns {
  private readonly waiting: (() => void)[] = [];

  /** `atOnce`: number of bodies that continue in one turn of the event loop. */
  constructor(private readonly atOnce: number) {}

  /** Calls `go` when it is the caller's turn. */
  next(go: () => void): void {
    this.waiting.push(go);
    if (this.waiting.length === 1) setImmediate(() => this.turn());
  }

  private turn(): void {
    // New requests queue behind the others.
    const now = this.waiting.splice(0, this.atOnce);
    if (this.waiting.length > 0) setImmediate(() => this.turn());
    for (const go of now) go();
  }
}

/** Milliseconds. A pace is exceeded for this long at most. */
const PACE_WINDOW_MS = 10;

/**
 * Lets parts that are discarded arrive in turns and at a limited rate in total. A sender on a fast network can otherwise keep the process
 * busy with reading, and with the garbage of what was read.
 */
export class PacedTurns {
  private readonly waiting: { readonly go: () => void; readonly bytes: number }[] = [];
  private readonly bytesAMillisecond: number;
  private budget = 0;
  private refilled = -Infinity;

  /** `rate`: bytes per second. `atOnce`: number of bodies that continue in one turn of the event loop. */
  constructor(
    rate: number,
    private readonly atOnce = 2,
  ) {
    this.bytesAMillisecond = rate / 1_000;
  }

  /** Calls `go` when it is the caller's turn and the rate permits. `bytes`: size of the part that has just arrived. */
  next(go: () => void, bytes: number): void {
    this.waiting.push({ go, bytes });
    if (this.waiting.length === 1) setImmediate(() => this.turn());
  }

  private turn(): void {
    const now = performance.now();
    const window = this.bytesAMillisecond * PACE_WINDOW_MS;
    this.budget = Math.min(window, this.budget + (now - this.refilled) * this.bytesAMillisecond);
    this.refilled = now;
    const able: (() => void)[] = [];
    while (able.length < this.atOnce && this.budget > 0) {
      const first = this.waiting.shift();
      if (first === undefined) break;
      this.budget -= first.bytes;
      able.push(first.go);
    }
    if (this.waiting.length > 0) {
      if (this.budget > 0) setImmediate(() => this.turn());
      else setTimeout(() => this.turn(), Math.max(1, Math.ceil(-this.budget / this.bytesAMillisecond)));
    }
    for (const go of able) go();
  }
}

/** Lets the next part arrive when it is its turn, if `taker` still accepts parts then. `bytes`: size of the last one. */
export function byTurns(
  request: Request,
  turns: ReadingTurns | PacedTurns,
  taker: (part: Buffer) => void,
  bytes: number,
): void {
  request.pause();
  turns.next(() => {
    if (request.listeners('data').includes(taker)) request.resume();
  }, bytes);
}
