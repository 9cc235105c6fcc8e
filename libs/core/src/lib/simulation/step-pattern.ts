import type { StepId } from '../foundation/ids';
import { isItem, nodeOf } from '../plan/place';

/**
 * Matches steps by their ids: `rollout[2]::deploy` one instance, `rollout::deploy` all of a node, `*` any characters (`rollout[*]::deploy`,
 * `**`). An item (`rollout[2]`) matches only a pattern that ends with a bracket too.
 */
export interface StepPattern {
  /** As written. */
  readonly key: string;
  readonly isExact: boolean;
  /** True if it matches this step. */
  readonly picks: (step: StepId) => boolean;
  /** True if it matches steps of at least one of these nodes. */
  readonly picksAny: (nodes: Iterable<string>) => boolean;
}

/** Reads a pattern. Every text is a valid pattern. */
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
  // The text between brackets is an index; nodes have none.
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
