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

/** Lets the next part arrive when it is its turn, if `taker` still accepts parts then. */
export function byTurns(request: Request, turns: ReadingTurns, taker: (part: Buffer) => void): void {
  request.pause();
  turns.next(() => {
    if (request.listeners('data').includes(taker)) request.resume();
  });
}
