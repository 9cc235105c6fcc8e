/** A queue with owners. The owner who has waited longest for a turn is next, regardless of how much the others have queued. */
export class FairQueue<Item> {
  /** Owners in the order of their turns. */
  private readonly lines = new Map<string, Item[]>();
  private size = 0;

  /** `capacity`: maximum number of waiting items. One owner may use at most half of it, which leaves room for others. */
  constructor(private readonly capacity: number) {}

  /** Adds an item. False if the queue is full. */
  enqueue(owner: string, item: Item): boolean {
    const line = this.lines.get(owner) ?? [];
    if (this.size >= this.capacity || line.length >= Math.ceil(this.capacity / 2)) return false;
    line.push(item);
    this.size += 1;
    this.lines.set(owner, line);
    return true;
  }

  /** Removes the next item of an owner who is eligible; null if there is none. */
  take(mayHave: (owner: string) => boolean): { readonly owner: string; readonly item: Item } | null {
    for (const [owner, line] of this.lines) {
      if (!mayHave(owner)) continue;
      const item = line.shift() as Item;
      this.size -= 1;
      // The owner moves to the end of the order.
      this.lines.delete(owner);
      if (line.length > 0) this.lines.set(owner, line);
      return { owner, item };
    }
    return null;
  }

  /** Removes further items of an owner who has a turn, in their order: at most `most`, and none behind one that may not follow. */
  takeMore(owner: string, most: number, mayFollow: (item: Item) => boolean): readonly Item[] {
    const line = this.lines.get(owner) ?? [];
    const end = line.findIndex((item, at) => at >= most || !mayFollow(item));
    const taken = line.splice(0, end < 0 ? line.length : end);
    this.size -= taken.length;
    if (line.length === 0) this.lines.delete(owner);
    return taken;
  }

  /** Puts items that were taken back to where they were, whether there is room or not. */
  putBack(owner: string, items: readonly Item[]): void {
    this.lines.set(owner, [...items, ...(this.lines.get(owner) ?? [])]);
    this.size += items.length;
  }

  /** Number of waiting items of an owner. */
  waiting(owner: string): number {
    return this.lines.get(owner)?.length ?? 0;
  }

  /** Removes and returns all waiting items. */
  drain(): readonly Item[] {
    const all = [...this.lines.values()].flat();
    this.lines.clear();
    this.size = 0;
    return all;
  }
}
