/** A cache for results that depend only on a text. The least recently added texts are dropped and computed again when needed. */
export class TextMemo<T> {
  private readonly kept = new Map<string, T>();
  private characters = 0;

  /** @param limit total characters of all cached texts; a text longer than a hundredth of it is not cached */
  constructor(
    private readonly make: (text: string) => T,
    private readonly limit = 1_000_000,
  ) {}

  get(text: string): T {
    const found = this.kept.get(text);
    if (found !== undefined) return found;
    const made = this.make(text);
    if (text.length > this.limit / 100) return made;
    this.kept.set(text, made);
    // A text is charged for its tree and its map entry too.
    this.characters += text.length + 64;
    for (const oldest of this.kept.keys()) {
      if (this.characters <= this.limit) break;
      this.kept.delete(oldest);
      this.characters -= oldest.length + 64;
    }
    return made;
  }
}
