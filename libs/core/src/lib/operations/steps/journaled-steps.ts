import { RunProjection } from '../../binding/run-projection';
import { takesOver } from '../../evidence/records/takes-over';
import type { AdmissionRecord } from '../../evidence/records/documents';
import type { Digest, RunId } from '../../foundation/ids';
import { isJsonObject, type Json } from '../../foundation/json';
import { hashOfText } from '../../journal/chain';
import { entriesIn, type StoredPage } from '../../journal/journaled-run';
import type { Entry } from '../../journal/page';
import { replay } from '../../journal/replay';
import { ReplayState } from '../../journal/replay-state';
import { isItem, repeatOf, ROOT, scopeOf } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';
import type { StepRow } from '../../ports/runs/committer';
import { initialState } from '../../run/advance';
import type { RunState } from '../../run/run-state';
import { rowsOfReached } from './reached-steps';

/** The admitted run of a journal. */
interface JournaledOf {
  readonly index: PlanIndex;
  readonly admission: AdmissionRecord;
  /** Digest of the admission, which the first page follows. */
  readonly admissionDigest: Digest;
}

/** Steps of a run as far as its journal holds. */
interface JournaledSteps {
  /** In the order of stored rows. */
  readonly rows: readonly StepRow[];
  /** Number of the entry from which on the journal is not one of this run; null: all of it is. */
  readonly brokenAt: number | null;
}

/**
 * The steps of a run that has no rows of them: what its rows would be. The chain of the pages is checked, that the plan derives them, and that
 * no entry up to the last one is missing.
 */
export function journaledSteps(run: JournaledOf, pages: readonly StoredPage[], lastSeq: number): JournaledSteps {
  const { index, admission } = run;
  const replayState = new ReplayState();
  const values = new Map<Digest, Json>();
  let state = initialState(index, admission.runId as RunId, admission.initiators, takesOver(admission));
  let [next, prev] = [1, run.admissionDigest];
  const found = (brokenAt: number | null): JournaledSteps => ({
    rows: rowsOfReached(index, state, replayState.results, values),
    brokenAt,
  });
  for (const page of pages) {
    if (page.first !== next || page.prev !== prev || page.hash !== hashOfText(page.prev, page.first, page.text))
      return found(next);
    const entries = entriesIn(page.text);
    const replayed = entries && replayedOn(index, state, entries, replayState);
    if (!entries || !replayed) return found(next);
    state = replayed;
    noteValues(values, page);
    [next, prev] = [next + entries.length, page.hash];
  }
  return found(next > lastSeq ? null : next);
}

/**
 * The steps of a run whose plan was altered, as far as its journal alone tells: in the order in which they began, without labels, and all
 * that have not ended as running.
 */
export function stepsWithoutPlan(pages: readonly StoredPage[]): readonly StepRow[] {
  const results = new RunProjection();
  const values = new Map<Digest, Json>();
  for (const page of pages) {
    if (!tookAll(results, entriesIn(page.text) ?? [])) break;
    noteValues(values, page);
  }
  const reached = [...results.all()].filter(([step]) => step !== ROOT);
  return reached.map(([step, result], place) => ({
    ...{ step, parent: isItem(step) ? repeatOf(step) : scopeOf(step), place, label: null, children: null },
    kind: isItem(step) ? 'item' : result.gate || result.judged ? 'gate' : result.items ? 'map' : 'run',
    status: result.status ?? (result.gate?.outcome === null ? 'waiting' : 'running'),
    ...{ reason: result.code, attempts: result.attempts, nextAttemptAt: null },
    ...{ startedAt: result.startedAt, finishedAt: result.endedAt },
    outputs: result.outputs?.kind === 'value' ? (values.get(result.outputs.digest) ?? null) : null,
    ...{ outputsRef: result.outputs, reusedFrom: null, error: null },
  }));
}

/** False: entries of somebody else, which need not even be events. */
function tookAll(results: RunProjection, entries: readonly Entry[]): boolean {
  try {
    for (const entry of entries) results.take(entry);
    return true;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return false;
    throw error;
  }
}

/** The state after a page; null: the run does not go on with it. Entries of a page that somebody else wrote need not even be events. */
function replayedOn(
  index: PlanIndex,
  state: RunState,
  entries: readonly Entry[],
  replayState: ReplayState,
): RunState | null {
  try {
    const replayed = replay(index, state, entries, replayState);
    return replayed.diverged === null ? replayed.state : null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

/** Each value is compared with the digest that names it where it is shown. */
function noteValues(values: Map<Digest, Json>, { held }: StoredPage): void {
  if (held == null) return;
  try {
    const parsed = JSON.parse(held) as Json;
    if (!isJsonObject(parsed)) return;
    for (const [digest, value] of Object.entries(parsed)) values.set(digest as Digest, value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}
