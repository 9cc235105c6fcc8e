import { digestOf } from '../canonical/digest';
import type { AdmissionRecord } from '../evidence/documents';
import { Results } from '../binding/results';
import type { StepId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import { checkChain, type Head } from '../journal/chain';
import { replay } from '../journal/replay';
import type { Entry } from '../journal/page';
import type { PlanIndex } from '../plan/plan-index';
import type { ClaimedRun } from '../ports/claims';
import { initialState } from '../run/advance';
import type { RunState } from '../run/run-state';
import { shownStatus } from '../step/step-state';
import { KnownDocuments, type AdmittedDocuments } from './admitted-documents';
import { macText, type DriverHands } from './driver-hands';
import { openSensitiveInputs } from './open-sensitive-inputs';
import { RunSecrets } from './run-secrets';
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
  readonly head: Head;
  readonly lastAt: number;
  readonly lastLine: number;
}

/** Own records that do not agree: nothing starts (engine.md §1, `halted`). */
export interface Halted {
  readonly kind: 'halted';
  readonly code:
    | 'ADMISSION_INVALID'
    | 'PLAN_HASH_MISMATCH'
    | 'JOURNAL_TAMPERED'
    | 'OBJECT_DIGEST_MISMATCH'
    | 'SENSITIVE_INPUT_UNREADABLE';
  readonly detail: string;
}

/**
 * Checks a claimed run and replays its journal. The admission record must verify and say what the rows say; plan, profile and
 * environment must be what their digests name; the chain must hold, its mac verify, the replay agree with what is written
 * and with the rows that readers see. No row is believed.
 */
export async function restoreRun(hands: DriverHands, run: ClaimedRun): Promise<Restored | Halted> {
  const admission = hands.openAdmission(run.admission);
  if (!admission) return halted('ADMISSION_INVALID', 'the admission record does not verify under a configured key');
  const admitted = knownTo(hands).of(run);
  const difference = admissionDifference(run, admission, admitted);
  if (difference) return halted('ADMISSION_INVALID', difference);
  const { plan, profile, environment } = admitted.documents;
  if (profile.environment !== admitted.environmentDigest)
    return halted('ADMISSION_INVALID', 'the environment is not the one that the profile names');
  const sensitive = await openSensitiveInputs(hands.claims, hands.secrets.sensitive, run, plan);
  if (sensitive === null)
    return halted('SENSITIVE_INPUT_UNREADABLE', 'a sensitive input is missing, or does not open for this run and plan');
  if (run.lastSeq === 0) {
    const again = { ...run, inputs: { ...(run.inputs as JsonObject), ...sensitive } };
    const replanned = await admitted.replan(again, () => hands.replan(again));
    if (replanned !== run.planHash)
      return halted('PLAN_HASH_MISMATCH', 'the admitted pack and inputs do not give the admitted plan hash');
  }
  const { signers } = admission.pack;
  const of = { run, profile, mode: environment.mode, signers, sensitive };
  const secrets = new RunSecrets(hands.secrets, (text) => hands.mac(text), of);
  return restoreJournal(hands, run, admission, admitted.x, secrets);
}

/** Of the drivers that share their hands. */
const KNOWN = new WeakMap<DriverHands, KnownDocuments>();

function knownTo(hands: DriverHands): KnownDocuments {
  const known = KNOWN.get(hands) ?? new KnownDocuments();
  KNOWN.set(hands, known);
  return known;
}

function admissionDifference(
  run: ClaimedRun,
  admission: AdmissionRecord,
  { planHash, profileDigest }: AdmittedDocuments,
): string | null {
  const expected: readonly (readonly [string, unknown, unknown])[] = [
    ['run', admission.runId, run.runId],
    ['tenant', admission.tenant, run.tenant],
    ['plan hash', admission.planHash, run.planHash],
    ['plan', planHash, run.planHash],
    ['profile', admission.profileDigest, profileDigest],
    ['profile digest', admission.profileDigest, run.profileDigest],
    ['pack name', admission.pack.name, run.pack.name],
    ['pack version', admission.pack.version, run.pack.version],
    ['content digest', admission.pack.contentDigest, run.pack.contentDigest],
    ['source digest', admission.pack.sourceDigest, run.pack.sourceDigest],
    ['record', digestOf(admission as unknown as Json), run.admissionDigest],
  ];
  const wrong = expected.find(([, said, found]) => said !== found);
  return wrong ? `the ${wrong[0]} differs from the admission record` : null;
}

async function restoreJournal(
  hands: DriverHands,
  run: ClaimedRun,
  admission: AdmissionRecord,
  x: PlanIndex,
  secrets: RunSecrets,
): Promise<Restored | Halted> {
  const pages = run.untouched ? [] : await hands.claims.pages(run.tenant, run.runId, 0);
  const start: Head = { seq: 0, hash: run.admissionDigest };
  const { head, broken } = checkChain(start, pages);
  if (broken) return halted('JOURNAL_TAMPERED', `the chain breaks at entry ${broken.first}: ${broken.reason}`);
  if (head.seq !== run.lastSeq || (pages.length > 0 && head.hash !== run.head))
    return halted('JOURNAL_TAMPERED', 'the journal does not end where the run says');
  const entries: readonly Entry[] = pages.flatMap((page) => page.entries);
  const badMac = macsDiffer(hands, run, pages);
  if (badMac) return halted('JOURNAL_TAMPERED', badMac);
  const values = new RunValues(hands.objects, hands.references, run);
  for (const page of pages) values.restore(page.values);
  const { state, diverged } = replay(x, initialState(x, run.runId, admission.initiators), entries);
  if (diverged) return halted('JOURNAL_TAMPERED', `replay differs at entry ${diverged.seq}`);
  const results = new Results();
  let lastLine = 0;
  for (const entry of entries) {
    results.take(entry);
    if (entry.event.type === 'log') lastLine += entry.event.lines;
  }
  const rows = run.untouched ? null : await rowsDiffer(hands, run, state, results);
  if (rows) return halted('JOURNAL_TAMPERED', rows);
  const lastAt = entries.at(-1)?.at ?? 0;
  return { kind: 'restored', x, admission, state, results, values, secrets, head, lastAt, lastLine };
}

/** Every page's mac, under the fence that the last `run.claimed` before it names. */
function macsDiffer(
  hands: DriverHands,
  run: ClaimedRun,
  pages: Awaited<ReturnType<DriverHands['claims']['pages']>>,
): string | null {
  let fence = 0;
  for (const page of pages) {
    for (const { event } of page.entries) if (event.type === 'run.claimed') fence = event.fence;
    const last = page.first + page.entries.length - 1;
    if (hands.mac(macText(run.runId, last, page.hash, fence)) !== page.mac)
      return `the mac of the page at entry ${page.first} does not verify`;
  }
  return null;
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

function halted(code: Halted['code'], detail: string): Halted {
  return { kind: 'halted', code, detail };
}
