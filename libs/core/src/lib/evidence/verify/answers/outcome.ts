/** What came of deriving something again: it is as journaled, a value that it reads is not at hand, or how it differs, in words. */
export type Outcome = 'same' | 'missing' | { readonly differs: string };

/** It is not as journaled. */
export function differing(differs: string): Outcome {
  return { differs };
}
