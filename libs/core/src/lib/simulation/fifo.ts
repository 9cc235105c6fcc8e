/** A first-in, first-out queue; removing takes O(1). */
export class Fifo<T> {
  private items: T[] = [];
  private cursor = 0;

  push(item: T): void {
    this.items.push(item);
  }

  take(): T | undefined {
    const item = this.items[this.cursor++];
    if (item === undefined) {
      this.items = [];
      this.cursor = 0;
    }
    return item;
  }
}
