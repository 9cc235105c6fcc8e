type Link<T> = { readonly last: T; readonly before: Link<T> } | null;

/**
 * An immutable queue: first in, first out. Each operation returns a new one and costs the same whatever it holds, taken over all of
 * them: those that joined are a chain, which is turned round when those before them are served.
 */
export class PersistentQueue<T> {
  private constructor(
    private readonly served: readonly T[],
    private readonly cursor: number,
    private readonly joined: Link<T>,
  ) {}

  /** A queue of these, in their order. */
  static of<T>(items: readonly T[]): PersistentQueue<T> {
    return new PersistentQueue(items, 0, null);
  }

  /** The one whose turn it is; undefined if nobody waits. */
  get first(): T | undefined {
    return this.served[this.cursor];
  }

  /** With one more behind the last. */
  with(item: T): PersistentQueue<T> {
    if (this.first === undefined) return new PersistentQueue<T>([item], 0, null);
    return new PersistentQueue(this.served, this.cursor, { last: item, before: this.joined });
  }

  /** Without the first; empty if nobody waits. */
  rest(): PersistentQueue<T> {
    if (this.cursor + 1 < this.served.length) return new PersistentQueue(this.served, this.cursor + 1, this.joined);
    return new PersistentQueue(this.joinedInOrder(), 0, null);
  }

  /** Those that wait, in their order. */
  items(): readonly T[] {
    return [...this.served.slice(this.cursor), ...this.joinedInOrder()];
  }

  private joinedInOrder(): readonly T[] {
    const items: T[] = [];
    for (let link = this.joined; link !== null; link = link.before) items.push(link.last);
    return items.reverse();
  }
}
