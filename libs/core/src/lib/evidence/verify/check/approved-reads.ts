import { readsAreAsBefore } from '../../../binding/gate-reads';
import { RunProjection } from '../../../binding/run-projection';
import type { StepId } from '../../../foundation/ids';
import type { Entry } from '../../../journal/page';
import { runNodeAt } from '../../../plan/plan-index';
import type { EvidenceDocuments } from '../../records/evidence-documents';

/**
 * Compares the values that gates have bound with the journal at the start of a step behind them, with the function that the driver uses. A
 * driver journals the start first and then compares. If a value has changed, it ends the run and does not begin the step. A start alone is
 * therefore no fault; only an execution that ran is. Items are not compared here: their list is written once, and `gates.requests` compares
 * it.
 */
export class ApprovedReads {
  private readonly results = new RunProjection();
  /** Executions that must not run: the gate whose bound values have changed, by step. */
  private readonly barred = new Map<StepId, { readonly execution: number; readonly gate: StepId }>();

  constructor(private readonly documents: EvidenceDocuments) {}

  /** An execution starts behind a gate that has passed. */
  starts(step: StepId, execution: number, gate: StepId): void {
    const { index, gates } = this.documents;
    if (runNodeAt(index, step).effects === 'pure') return;
    const opened = this.results.get(gate)?.gate;
    const reads = opened ? gates.get(opened.gateDigest)?.request.reads : undefined;
    if (reads && !readsAreAsBefore({ index, results: this.results }, gate, reads))
      this.barred.set(step, { execution, gate });
  }

  /** Why the entry is not allowed; null if it is. The entry is applied. */
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

/**
 * True for facts that only an execution that has begun produces. An execution may fail before it begins, for example because a secret is
 * missing.
 */
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
