/** Results that depend on a text alone, kept for the texts that came last. What is forgotten is made again: nobody can tell. */
export class TextMemo<T> {
  private readonly kept = new Map<string, T>();
  private characters = 0;

  /** @param limit characters of all kept texts together; longer texts than a hundredth of it are not kept */
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
    // A text costs as much as its tree and what the map holds.
    this.characters += text.length + 64;
    for (const oldest of this.kept.keys()) {
      if (this.characters <= this.limit) break;
      this.kept.delete(oldest);
      this.characters -= oldest.length + 64;
    }
    return made;
  }
}
