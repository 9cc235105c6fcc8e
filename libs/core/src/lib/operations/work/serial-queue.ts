/** Work that is done one piece after the other, in the order in which it came. */
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve();

  /** Does this when all before it is through, whatever came of that. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
