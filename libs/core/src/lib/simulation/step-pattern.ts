import type { StepId } from '../foundation/ids';
import { isItem, nodeOf } from '../plan/place';

/**
 * Picks steps by their ids: `rollout[2]::deploy` one instance, `rollout::deploy` all of a node, `*` any characters (`rollout[*]::deploy`,
 * `**`). Items (`rollout[2]`) are picked only by what ends in a bracket as they do.
 */
export interface StepPattern {
  /** As it was written. */
  readonly key: string;
  readonly isExact: boolean;
  /** True if it picks this step. */
  readonly picks: (step: StepId) => boolean;
  /** True if it picks steps of at least one of these nodes. */
  readonly picksAny: (nodes: Iterable<string>) => boolean;
}

/** Reads a pattern; every text is one. */
export function stepPattern(key: string): StepPattern {
  if (!key.includes('*')) {
    const node = nodeOf(key as StepId);
    return {
      key,
      isExact: true,
      picks: (step) => step === key || (!isItem(step) && nodeOf(step) === key),
      picksAny: (nodes) => [...nodes].includes(node),
    };
  }
  const parts = key.split('*');
  // What stands between brackets is an index; nodes have none.
  const ofNodes = key
    .replace(/\[[\d*]*\]/g, '')
    .replace(/\[[\d*]*$/, '*')
    .split('*');
  return {
    key,
    isExact: false,
    picks: (step) => isItem(step) === key.endsWith(']') && (fits(step, parts) || fits(nodeOf(step), parts)),
    picksAny: (nodes) => [...nodes].some((node) => fits(node, ofNodes)),
  };
}

/** True if a text begins with the first part, ends with the last, and holds the others between them in order. */
function fits(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const [place, part] of rest.entries()) {
    if (place === rest.length - 1) return text.length - part.length >= from && text.endsWith(part);
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return true;
}
