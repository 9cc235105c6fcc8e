import type { AdmissionRecord } from '../../evidence/records/documents';
import { takesOver } from '../../evidence/records/takes-over';
import type { RunProjection } from '../../binding/run-projection';
import type { Digest, StepId } from '../../foundation/ids';
import { checkChain, type Head } from '../../journal/chain';
import { replay } from '../../journal/replay';
import type { Entry, Page } from '../../journal/page';
import { ReplayState } from '../../journal/replay-state';
import type { PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun, StoredPage, StoredRows } from '../../ports/runs/claims';
import { initialState } from '../../run/advance';
import type { RunState } from '../../run/run-state';
import { alterationText } from '../../stored/document-altered';
import { shownStatus } from '../../step/step-state';
import { macsDiffer, type DriverDependencies } from './driver-dependencies';
import { JournalValues, PAGES_AT_ONCE } from './journal-values';
import { halted, openRun, type Halted, type OpenedRun } from './open-run';
import { OriginalRun } from './original-run';
import type { RunSecrets } from './run-secrets';
import { RunValues } from './run-values';
import { lastSnapshot, Snapshots } from './snapshots';

/** Which rows a run has of the steps that it has reached. `some`: a worker of an earlier release has written those that it changed. */
export type StepRowsKept = 'none' | 'some' | 'all';

/** A claimed run restored to the end of its journal. */
export interface Restored {
  readonly kind: 'restored';
  readonly index: PlanIndex;
  readonly documents: OpenedRun['documents'];
  readonly admission: AdmissionRecord;
  readonly state: RunState;
  readonly results: RunProjection;
  readonly values: RunValues;
  /** Finds values of older pages. */
  readonly journal: JournalValues;
  readonly snapshots: Snapshots;
  readonly secrets: RunSecrets;
  /** Of a rerun that reuses results: its original. `gone`: the original has been deleted. */
  readonly original: OriginalRun | null | 'gone';
  readonly head: Head;
  readonly lastAt: number;
  readonly lastLine: number;
  readonly stepRows: StepRowsKept;
}

/**
 * Verifies a claimed run and replays its journal, from its last snapshot if there is one. The hash chain and its MAC must hold, and the
 * replay must agree with the journal and with the rows that readers see.
 */
export async function restoreRun(dependencies: DriverDependencies, run: ClaimedRun): Promise<Restored | Halted> {
  const opened = await openRun(dependencies, run);
  return opened.kind === 'halted' ? opened : restoreJournal(dependencies, opened);
}

async function restoreJournal(
  dependencies: DriverDependencies,
  { run, index, documents, admission, secrets }: OpenedRun,
): Promise<Restored | Halted> {
  const begun = initialState(index, run.runId, admission.initiators, takesOver(admission));
  const from = await lastSnapshot(dependencies, run, begun, index.machine);
  const replayState = from?.replayState ?? new ReplayState();
  const journal = from?.values ?? new JournalValues(dependencies.claims, dependencies.objects, run);
  const values = new RunValues(dependencies, run, journal);
  let state = from?.state ?? begun;
  // The hash of the snapshot's page covers everything before it, and the MAC proves that a worker wrote it.
  let head: Head = from ? { seq: from.page.first - 1, hash: from.page.prev } : { seq: 0, hash: run.admissionDigest };
  const { seq: start } = head;
  let lastAt = 0;
  for await (const pages of run.untouched ? [] : slicesOf(dependencies, run, start)) {
    const { broken, head: next } = checkChain(head, pages, lastAt);
    if (broken) return halted('JOURNAL_TAMPERED', `the chain breaks at entry ${broken.first}: ${broken.reason}`);
    head = next;
    const badMac = macsDiffer(dependencies, run.runId, pages, replayState.fence);
    if (badMac) return halted('JOURNAL_TAMPERED', badMac);
    lastAt = timeOf(pages.at(-1)) ?? lastAt;
    const entries = pages.flatMap((page) => page.entries);
    const goesOn = from !== null && pages[0]?.first === from.page.first;
    if (goesOn && !isSame(entries[0], replayState.last.digest))
      return halted('JOURNAL_TAMPERED', `the snapshot at entry ${from.page.first} differs from the one that was read`);
    const replayed = replay(index, state, goesOn ? entries.slice(1) : entries, replayState);
    if (replayed.diverged) return halted('JOURNAL_TAMPERED', `replay differs at entry ${replayed.diverged.seq}`);
    ({ state } = replayed);
    for (const page of pages) {
      const first = page.entries[0]?.event;
      if (first?.type === 'state' && page.first !== from?.page.first) journal.settle(first.values);
      values.restore(page.values);
      journal.note(page);
    }
    await yieldToEventLoop();
  }
  if (head.seq !== run.lastSeq || (head.seq > start && head.hash !== run.head))
    return halted('JOURNAL_TAMPERED', 'the journal does not end at the entry that the run records');
  const { results, lastLine, last } = replayState;
  const rows = run.untouched ? null : await dependencies.claims.rows(run.tenant, run.runId);
  const different = rows && rowsDiffer(rows, state, results);
  if (different) return halted('JOURNAL_TAMPERED', different);
  const original = await OriginalRun.open(dependencies, run, index, admission);
  if (original !== null && typeof original === 'object' && 'wrong' in original)
    return halted('JOURNAL_TAMPERED', `the run ${admission.rerunOf ?? ''}, which this run repeats: ${original.wrong}`);
  const snapshots = new Snapshots(dependencies, run, last, journal, index.machine);
  return {
    kind: 'restored',
    index,
    documents,
    admission,
    state,
    results,
    values,
    journal,
    snapshots,
    secrets,
    original,
    head,
    lastAt,
    lastLine,
    stepRows: keptOf(run, rows),
  };
}

/** Why an ended run is not driven: it is never due, so somebody else made it due. Null: the run has not ended. */
export function endedAlready({ tenant, runId }: ClaimedRun, { phase, result }: RunState): Halted | null {
  if (phase !== 'ended') return null;
  const what = 'the time at which it is due';
  const altered = {
    tenant,
    runId,
    document: 'status',
    what,
    expected: result?.status ?? 'an end',
    found: 'due',
  } as const;
  return { kind: 'halted', code: 'DOCUMENT_ALTERED', detail: alterationText(altered), altered };
}

function isSame(entry: Entry | undefined, snapshot: Digest | null): boolean {
  return entry?.event.type === 'state' && entry.event.digest === snapshot;
}

/**
 * Number of entries that are processed at once. In between, a worker that restores a long journal can renew its lease and read its inbox.
 */
const SLICE_ENTRIES = 5_000;

/**
 * The pages after an entry, in slices, so that a journal is never in memory as a whole. A page consists of whole turns, so a replay may
 * pause between pages.
 */
async function* slicesOf(
  { claims }: Pick<DriverDependencies, 'claims'>,
  { tenant, runId }: ClaimedRun,
  after: number,
): AsyncIterable<readonly StoredPage[]> {
  let read = after;
  for (;;) {
    const pages = await claims.pages(tenant, runId, read, PAGES_AT_ONCE);
    let slice: StoredPage[] = [];
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
    if (pages.length < PAGES_AT_ONCE) return;
    read = pages.at(-1)?.first ?? read;
  }
}

function timeOf(page: Page | undefined): number | undefined {
  return page?.entries.at(-1)?.at;
}

/** Yields to the event loop. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function keptOf({ lastSeq }: ClaimedRun, rows: StoredRows | null): StepRowsKept {
  if (lastSeq === 0 || rows === null) return 'none';
  if (!rows.areStepsJournaled) return 'all';
  return rows.steps.length === 0 ? 'none' : 'some';
}

function rowsDiffer(
  { steps, gates, areStepsJournaled }: StoredRows,
  state: RunState,
  results: RunProjection,
): string | null {
  // A worker of an earlier release writes rows of what it changes. All are written again now.
  for (const row of areStepsJournaled ? [] : steps) {
    const live = state.steps.get(row.step as StepId);
    const expected = live ? shownStatus(live) : results.get(row.step as StepId)?.status;
    if (expected !== row.status)
      return `the row of step ${row.step} has the status ${row.status}, the journal has ${expected ?? 'none'}`;
  }
  for (const row of gates) {
    const gate = results.get(row.gate as StepId)?.gate;
    if (!gate) return `there is a row of a gate ${row.gate} that the journal never opened`;
    if (gate.gateDigest !== row.gateDigest) return `the gate digest of ${row.gate} differs from the journal`;
  }
  return null;
}
