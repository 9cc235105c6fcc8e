/** Result of a second derivation: it agrees with the journal, a value that it reads is missing, or a description of the difference. */
export type Outcome = 'same' | 'missing' | { readonly differs: string };

/** The derivation differs from the journal. */
export function differing(differs: string): Outcome {
  return { differs };
}
