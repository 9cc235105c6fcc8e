/** True if the artifact's path is a pattern. */
export function isPattern(path: string): boolean {
  return path.includes('*');
}

/**
 * True if a name matches one component of a pattern, in which `*` stands for any characters. A leading dot must be explicit. Each piece is
 * searched from the end of the previous one without backtracking, so the time is at most the product of both lengths.
 */
export function matchesPart(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return name === first;
  const last = pieces.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}

/**
 * The positions in a pattern that a path may have reached. Tracking sets of positions avoids backtracking, so `**` (any number of folders)
 * has no extra cost. `ended` is the position after the last component.
 */
export class PatternWalk {
  private constructor(
    private readonly parts: readonly string[],
    private readonly places: ReadonlySet<number>,
  ) {}

  static of(pattern: string): PatternWalk {
    return new PatternWalk(pattern.split('/'), new Set([0])).expand();
  }

  /** The walk after one more component of the path; null if nothing below it can match. */
  into(name: string): PatternWalk | null {
    const places = new Set<number>();
    for (const place of this.places) {
      const part = this.parts[place];
      if (part === undefined) continue;
      if (part === '**') {
        if (!name.startsWith('.')) places.add(place);
      } else if (matchesPart(part, name)) places.add(place + 1);
    }
    return places.size === 0 ? null : new PatternWalk(this.parts, places).expand();
  }

  /** True if the current path matches. */
  get ended(): boolean {
    return this.places.has(this.parts.length);
  }

  /** True if a path below the current one may match. */
  get open(): boolean {
    for (const place of this.places) if (place < this.parts.length) return true;
    return false;
  }

  private expand(): PatternWalk {
    const places = new Set(this.places);
    for (const place of places) if (this.parts[place] === '**') places.add(place + 1);
    return new PatternWalk(this.parts, places);
  }
}
