/** A range of pixels. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** A part of the page where it stands now, in pixels from the top of the window. */
export interface Place {
  readonly name: string;
  readonly top: number;
  readonly height: number;
  /** The text of the part, or what stands for it. A part that was shown stays so in another width, until its text is another. */
  readonly content: string;
  /** It has a table with pages that were not opened. */
  readonly hasUnopened?: boolean;
}

/** Lines at the edge of a part may be cut by less than this. */
const TOLERANCE_PX = 8;

/** The ranges with another one, in order. Those that touch become one. */
export function withRange(ranges: readonly Range[], { from, to }: Range): readonly Range[] {
  if (to <= from) return ranges;
  const others = ranges.filter((one) => one.to < from || one.from > to);
  const touching = ranges.filter((one) => !others.includes(one));
  const joined = {
    from: Math.min(from, ...touching.map((one) => one.from)),
    to: Math.max(to, ...touching.map((one) => one.to)),
  };
  return [...others, joined].sort((one, other) => one.from - other.from);
}

/** Which parts of a page were within what is seen of it. A jump over the middle of a part does not show the part. */
export class ShownRanges {
  private readonly ranges = new Map<string, readonly Range[]>();
  /** The content of parts that were shown to the end. */
  private readonly whole = new Map<string, string>();
  private places: readonly Place[] = [];

  /** Notes what can be seen now. `places`: all parts, in the order of the page. */
  see(window: { readonly top: number; readonly bottom: number }, places: readonly Place[]): void {
    this.places = places;
    for (const place of places) {
      const { name, top, height, content } = place;
      if (this.whole.get(name) === content) continue;
      const seen = { from: Math.max(0, window.top - top), to: Math.min(height, window.bottom - top) };
      this.ranges.set(name, withRange(this.ranges.get(name) ?? [], seen));
      if (this.isCovered(place)) this.whole.set(name, content);
    }
  }

  /** The parts that were not shown, or not all of them, in the order of the page. */
  missing(): readonly string[] {
    return this.places
      .filter(({ name, content, hasUnopened = false }) => hasUnopened || this.whole.get(name) !== content)
      .map(({ name }) => name);
  }

  /** How many parts there are. */
  count(): number {
    return this.places.length;
  }

  private isCovered({ name, height }: Place): boolean {
    const ranges = this.ranges.get(name) ?? [];
    const shown = ranges.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, height) - from), 0);
    return height - shown <= TOLERANCE_PX;
  }
}
