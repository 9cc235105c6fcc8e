/** The invariants that the harness checks, by their numbers. */
export type Invariant = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  /** Milliseconds from the start. */
  readonly at: number;
}

/** What is known of a worker when its runs are freed. */
export type WorkerHealth = 'dead' | 'silent' | 'well';
