import type { AdmissionRecord } from '../evidence/documents';
import { takesOver } from '../evidence/takes-over';
import { Results } from '../binding/results';
import type { StepId } from '../foundation/ids';
import { checkChain, type Head } from '../journal/chain';
import { replay } from '../journal/replay';
import type { Entry, Page } from '../journal/page';
import type { PlanIndex } from '../plan/plan-index';
import type { ClaimedRun } from '../ports/claims';
import { initialState } from '../run/advance';
import type { RunState } from '../run/run-state';
import { shownStatus } from '../step/step-state';
import { macsDiffer, type DriverHands } from './driver-hands';
import { halted, openRun, type Halted, type OpenedRun } from './open-run';
import { OriginalRun } from './original-run';
import type { RunSecrets } from './run-secrets';
import { RunValues } from './run-values';

/** A claimed run brought back to where its journal stands. */
export interface Restored {
  readonly kind: 'restored';
  readonly x: PlanIndex;
  readonly admission: AdmissionRecord;
  readonly state: RunState;
  readonly results: Results;
  readonly values: RunValues;
  readonly secrets: RunSecrets;
  /** Of a rerun that takes something over: what it does again. `gone`: that is not kept any more. */
  readonly original: OriginalRun | null | 'gone';
  readonly head: Head;
  readonly lastAt: number;
  readonly lastLine: number;
}

/**
 * Checks a claimed run and replays its journal: the chain must hold, its mac verify, the replay agree with what is written and with
 * the rows that readers see. No row is believed.
 */
export async function restoreRun(hands: DriverHands, run: ClaimedRun): Promise<Restored | Halted> {
  const opened = await openRun(hands, run);
  return opened.kind === 'halted' ? opened : restoreJournal(hands, opened);
}

async function restoreJournal(
  hands: DriverHands,
  { run, x, admission, secrets }: OpenedRun,
): Promise<Restored | Halted> {
  const pages = run.untouched ? [] : await hands.claims.pages(run.tenant, run.runId, 0);
  const { head, broken } = await checkInSlices({ seq: 0, hash: run.admissionDigest }, pages);
  if (broken) return halted('JOURNAL_TAMPERED', `the chain breaks at entry ${broken.first}: ${broken.reason}`);
  if (head.seq !== run.lastSeq || (pages.length > 0 && head.hash !== run.head))
    return halted('JOURNAL_TAMPERED', 'the journal does not end where the run says');
  const badMac = macsDiffer(hands, run.runId, pages);
  if (badMac) return halted('JOURNAL_TAMPERED', badMac);
  const values = new RunValues(hands.objects, hands.references, run);
  for (const page of pages) values.restore(page.values);
  let state = initialState(x, run.runId, admission.initiators, takesOver(admission));
  const results = new Results();
  let lastLine = 0;
  for (const slice of slicesOf(pages)) {
    const entries: readonly Entry[] = slice.flatMap((page) => page.entries);
    const replayed = replay(x, state, entries);
    if (replayed.diverged) return halted('JOURNAL_TAMPERED', `replay differs at entry ${replayed.diverged.seq}`);
    ({ state } = replayed);
    for (const entry of entries) {
      results.take(entry);
      if (entry.event.type === 'log') lastLine += entry.event.lines;
    }
    await breath();
  }
  const rows = run.untouched ? null : await rowsDiffer(hands, run, state, results);
  if (rows) return halted('JOURNAL_TAMPERED', rows);
  const original = await OriginalRun.open(hands, run, x, admission);
  if (original !== null && typeof original === 'object' && 'wrong' in original)
    return halted(
      'JOURNAL_TAMPERED',
      `the run ${admission.rerunOf ?? ''}, which this one does again: ${original.wrong}`,
    );
  const lastAt = timeOf(pages.at(-1));
  return { kind: 'restored', x, admission, state, results, values, secrets, original, head, lastAt, lastLine };
}

/** Entries of a journal that are worked through at once: a worker that restores a long one still renews its lease and hears its letters. */
const SLICE_ENTRIES = 5_000;

/** A page is whole turns: a replay may rest between two. */
function* slicesOf(pages: readonly Page[]): Iterable<readonly Page[]> {
  let slice: Page[] = [];
  let entries = 0;
  for (const page of pages) {
    slice.push(page);
    entries += page.entries.length;
    if (entries < SLICE_ENTRIES) continue;
    yield slice;
    slice = [];
    entries = 0;
  }
  if (slice.length > 0) yield slice;
}

async function checkInSlices(start: Head, pages: readonly Page[]): Promise<ReturnType<typeof checkChain>> {
  let checked: ReturnType<typeof checkChain> = { head: start, broken: null };
  let since = 0;
  for (const slice of slicesOf(pages)) {
    checked = checkChain(checked.head, slice, since);
    if (checked.broken) return checked;
    since = timeOf(slice.at(-1));
    await breath();
  }
  return checked;
}

function timeOf(page: Page | undefined): number {
  return page?.entries.at(-1)?.at ?? 0;
}

/** Lets others go on. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function rowsDiffer(
  hands: DriverHands,
  run: ClaimedRun,
  state: RunState,
  results: Results,
): Promise<string | null> {
  const { steps, gates } = await hands.claims.rows(run.tenant, run.runId);
  for (const row of steps) {
    const live = state.steps.get(row.step as StepId);
    const expected = live ? shownStatus(live) : results.get(row.step as StepId)?.status;
    if (expected !== row.status)
      return `the row of step ${row.step} says ${row.status}, the journal ${expected ?? 'nothing'}`;
  }
  for (const row of gates) {
    const gate = results.get(row.gate as StepId)?.gate;
    if (!gate) return `there is a row of a gate ${row.gate} that the journal never opened`;
    if (gate.gateDigest !== row.gateDigest) return `the gate digest of ${row.gate} differs from the journal`;
  }
  return null;
}
