import { readsAreAsBefore } from '../../../binding/gate-reads';
import { RunProjection } from '../../../binding/run-projection';
import type { StepId } from '../../../foundation/ids';
import type { Entry } from '../../../journal/page';
import { runNodeAt } from '../../../plan/plan-index';
import type { EvidenceDocuments } from '../../records/evidence-documents';

/**
 * What gates have bound, held against what the journal says when a step behind them starts, by the function that the driver uses. A driver
 * journals the start first and then looks: where something has changed it ends the run and does not begin the step. So a start alone says
 * nothing; that the execution ran does. An item is not looked at again: its list is written once, and `gates.requests` compares it.
 */
export class ApprovedReads {
  private readonly results = new RunProjection();
  /** Executions that may not run: the gate whose reads have changed, by step. */
  private readonly barred = new Map<StepId, { readonly execution: number; readonly gate: StepId }>();

  constructor(private readonly documents: EvidenceDocuments) {}

  /** An execution starts behind a gate that has let it pass. */
  starts(step: StepId, execution: number, gate: StepId): void {
    const { index, gates } = this.documents;
    if (runNodeAt(index, step).effects === 'pure') return;
    const opened = this.results.get(gate)?.gate;
    const reads = opened ? gates.get(opened.gateDigest)?.request.reads : undefined;
    if (reads && !readsAreAsBefore({ index, results: this.results }, gate, reads))
      this.barred.set(step, { execution, gate });
  }

  /** Why the entry cannot be, in words; null if it can. It is taken. */
  objectionTo(entry: Entry): string | null {
    const { event } = entry;
    this.results.take(entry);
    if (!ran(event)) return null;
    const barred = this.barred.get(event.step);
    return barred?.execution === event.execution
      ? `${event.step} ran, and what ${barred.gate} had bound was another when it started`
      : null;
  }
}

/** True for what only an execution that has begun leaves. It may fail before it begins: for want of a secret, say. */
function ran(
  event: Entry['event'],
): event is Extract<Entry['event'], { readonly step: StepId; readonly execution: number }> {
  switch (event.type) {
    case 'attempt.succeeded':
    case 'attempt.deferred':
    case 'artifact.captured':
    case 'tool.resolved':
    case 'material.mounted':
    case 'egress.closed':
    case 'log':
      return true;
    case 'attempt.failed':
      return event.exitCode !== null;
    case 'attempt.stopped':
      return event.unknown;
    default:
      return false;
  }
}
