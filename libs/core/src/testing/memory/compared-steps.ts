import { canonical } from '../../lib/canonical/canonical';
import type { Json } from '../../lib/foundation/json';
import { decodeEnvelope } from '../../lib/evidence/encoding/envelope';
import { readAdmission } from '../../lib/evidence/records/read-documents';
import { isItem, itemsAround } from '../../lib/plan/place';
import type { ClaimedRun } from '../../lib/ports/runs/claims';
import type { Page } from '../../lib/journal/page';
import type { StepId } from '../../lib/foundation/ids';
import { journaledSteps } from '../../lib/operations/steps/journaled-steps';
import { byPlace } from '../../lib/operations/steps/reached-steps';
import type { StepRow } from '../../lib/ports/runs/committer';
import { KnownDocuments } from '../../lib/stored/run-documents';

/** Entries up to which the journal of a run is compared, because each comparison replays all of it. */
const MOST_ENTRIES = 400;
const known = new KnownDocuments();

/**
 * Throws unless the steps in the journal of a run are those of its rows, as readers see them (ADR 108). Items and what is in them are left
 * out, because a run with items has rows. So is a journal that a test has altered.
 */
export function compareSteps(run: ClaimedRun, pages: readonly Page[], rows: Iterable<StepRow>): void {
  if (pages.reduce((sum, { entries }) => sum + entries.length, 0) > MOST_ENTRIES) return;
  const { index } = known.of(run);
  const of = {
    index,
    admission: readAdmission(decodeEnvelope(run.admission).payload),
    admissionDigest: run.admissionDigest,
  };
  const stored = pages.map(({ first, prev, hash, entries, values }) => ({
    ...{ first, prev, hash },
    ...{ text: canonical(entries as unknown as Json), held: JSON.stringify(values) },
  }));
  const { rows: journaled, brokenAt } = journaledSteps(of, stored, run.lastSeq);
  if (brokenAt !== null) return;
  const written = canonical([...rows].filter(isPlain).sort(byPlace) as unknown as Json);
  const shown = canonical(journaled.filter(isPlain) as unknown as Json);
  if (written === shown) return;
  throw new Error(`the steps of ${run.runId} in its journal are ${shown}, and its rows ${written}`);
}

function isPlain({ step }: StepRow): boolean {
  return !isItem(step as StepId) && itemsAround(step as StepId).length === 0;
}
