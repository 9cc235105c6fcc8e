import type { Alteration } from '../../stored/document-altered';

/** Records runs with an altered document. */
export abstract class AlteredRuns {
  /**
   * Marks a run: readers are informed, a run that has not ended is halted (no owner, nothing due, another fence), and the audit chain gets
   * an entry. False if the run was already marked; nothing changes then. Throws `AuditChainAltered` if the chain cannot get the entry; the run
   * is marked nevertheless.
   */
  abstract mark(found: Alteration): Promise<boolean>;
}
