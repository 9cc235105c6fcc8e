/** A span of time, milliseconds after the origin. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Turns times into places between 0 and 1. */
export interface TimeScale {
  readonly place: (at: number) => number;
  /** Times in which nothing happened, which are drawn short. */
  readonly folded: readonly Span[];
  readonly from: number;
  readonly to: number;
}

/** A pause is folded if it is longer than this part of the whole time … */
const LONG = 0.08;
/** … and is then drawn as wide as this part … */
const FOLDED = 0.02;
/** … or, if people were waited for, as this part, so that this is seen; all such pauses together as `MOST_WAITED`. */
const WAITED = 0.12;
const MOST_WAITED = 0.4;

/**
 * The scale of a timeline over the times in which something happened. `isFolding` false: pauses are drawn as long as they were. `waits`: times in
 * which people were waited for.
 */
export function timeScale(spans: readonly Span[], isFolding: boolean, waits: readonly Span[] = []): TimeScale {
  const sorted = spans.toSorted((one, other) => one.from - other.from);
  const from = sorted[0]?.from ?? 0;
  const pauses: Span[] = [];
  let end = from;
  for (const span of sorted) {
    if (span.from > end) pauses.push({ from: end, to: span.from });
    end = Math.max(end, span.to);
  }
  const to = Math.max(end, from + 1);
  const folded = isFolding ? pauses.filter((pause) => pause.to - pause.from > (to - from) * LONG) : [];
  const cut = folded.reduce((sum, pause) => sum + pause.to - pause.from, 0);
  const isWaited = (pause: Span): boolean => waits.some((wait) => wait.from < pause.to && wait.to > pause.from);
  const waited = folded.filter(isWaited);
  const shareOf = (pause: Span): number =>
    waited.includes(pause) ? Math.min(WAITED, MOST_WAITED / waited.length) : FOLDED;
  const width = 1 - folded.reduce((sum, pause) => sum + shareOf(pause), 0);
  const busy = Math.max(1, to - from - cut);
  const place = (at: number): number => {
    const inside = Math.min(to, Math.max(from, at));
    let [time, seams] = [inside - from, 0];
    for (const pause of folded) {
      if (inside <= pause.from) break;
      const share = Math.min(1, (inside - pause.from) / (pause.to - pause.from));
      time -= (pause.to - pause.from) * share;
      seams += shareOf(pause) * share;
    }
    return (time / busy) * width + seams;
  };
  return { place, folded, from, to };
}

/** True if folding would change a timeline. */
export function hasPauses(spans: readonly Span[]): boolean {
  return timeScale(spans, true).folded.length > 0;
}
