import { digestOf } from '../canonical/digest';
import type { AdmissionRecord } from '../evidence/documents';
import type { Json, JsonObject } from '../foundation/json';
import type { PlanIndex } from '../plan/plan-index';
import type { ClaimedRun } from '../ports/claims';
import { KnownDocuments, type AdmittedDocuments } from './admitted-documents';
import type { DriverHands } from './driver-hands';
import { openSensitiveInputs } from './open-sensitive-inputs';
import { RunSecrets } from './run-secrets';

/** What was accepted of a run, checked. */
export interface OpenedRun {
  readonly kind: 'opened';
  readonly run: ClaimedRun;
  readonly x: PlanIndex;
  readonly admission: AdmissionRecord;
  readonly secrets: RunSecrets;
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
 * Checks what was accepted of a run: the admission record must verify and say what the rows say; plan, profile and environment must be
 * what their digests name. No row is believed.
 */
export async function openRun(hands: DriverHands, run: ClaimedRun): Promise<OpenedRun | Halted> {
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
  return { kind: 'opened', run, x: admitted.x, admission, secrets };
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

export function halted(code: Halted['code'], detail: string): Halted {
  return { kind: 'halted', code, detail };
}
