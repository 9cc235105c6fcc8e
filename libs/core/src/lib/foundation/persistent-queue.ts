type Link<T> = { readonly last: T; readonly before: Link<T> } | null;

/**
 * An immutable first-in, first-out queue. Each operation returns a new queue in amortised constant time. New elements form a linked list,
 * which is reversed when the elements before it have been removed.
 */
export class PersistentQueue<T> {
  private constructor(
    private readonly served: readonly T[],
    private readonly cursor: number,
    private readonly joined: Link<T>,
  ) {}

  /** A queue of these elements, in their order. */
  static of<T>(items: readonly T[]): PersistentQueue<T> {
    return new PersistentQueue(items, 0, null);
  }

  /** The first element; undefined if the queue is empty. */
  get first(): T | undefined {
    return this.served[this.cursor];
  }

  /** The queue with one more element at its end. */
  with(item: T): PersistentQueue<T> {
    if (this.first === undefined) return new PersistentQueue<T>([item], 0, null);
    return new PersistentQueue(this.served, this.cursor, { last: item, before: this.joined });
  }

  /** The queue without its first element; empty if there is none. */
  rest(): PersistentQueue<T> {
    if (this.cursor + 1 < this.served.length) return new PersistentQueue(this.served, this.cursor + 1, this.joined);
    return new PersistentQueue(this.joinedInOrder(), 0, null);
  }

  /** The elements, in their order. */
  items(): readonly T[] {
    return [...this.served.slice(this.cursor), ...this.joinedInOrder()];
  }

  private joinedInOrder(): readonly T[] {
    const items: T[] = [];
    for (let link = this.joined; link !== null; link = link.before) items.push(link.last);
    return items.reverse();
  }
}
