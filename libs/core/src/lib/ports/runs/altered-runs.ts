import type { Alteration } from '../../stored/document-altered';

/** Runs of which a document was found altered. */
export abstract class AlteredRuns {
  /**
   * Marks a run: readers are told, one that has not ended is halted (no owner, nothing due, another fence), and the audit chain has a row. One
   * that is marked already stays as it is: false.
   */
  abstract mark(found: Alteration): Promise<boolean>;
}
