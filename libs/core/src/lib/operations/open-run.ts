import { digestOf, sha256 } from '../canonical/digest';
import type { AdmissionRecord } from '../evidence/documents';
import type { Json, JsonObject } from '../foundation/json';
import { indexPlan, type PlanIndex } from '../plan/plan-index';
import type { Plan } from '../plan/plan';
import type { Environment, Profile } from '../plan/profile';
import type { ClaimedRun } from '../ports/claims';
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
  const difference = admissionDifference(run, admission);
  if (difference) return halted('ADMISSION_INVALID', difference);
  const profile = JSON.parse(run.profile) as Profile;
  const environment = JSON.parse(run.environment) as Environment;
  if (profile.environment !== sha256(run.environment))
    return halted('ADMISSION_INVALID', 'the environment is not the one that the profile names');
  const plan = JSON.parse(run.plan) as Plan;
  const sensitive = await openSensitiveInputs(hands.claims, hands.secrets.sensitive, run, plan);
  if (sensitive === null)
    return halted('SENSITIVE_INPUT_UNREADABLE', 'a sensitive input is missing, or does not open for this run and plan');
  if (run.lastSeq === 0) {
    const replanned = await hands.replan({ ...run, inputs: { ...(run.inputs as JsonObject), ...sensitive } });
    if (replanned !== run.planHash)
      return halted('PLAN_HASH_MISMATCH', 'the admitted pack and inputs do not give the admitted plan hash');
  }
  const x = indexPlan(plan, run.planHash, profile.defaults, environment.approvals.floor);
  const { signers } = admission.pack;
  const of = { run, profile, mode: environment.mode, signers, sensitive };
  const secrets = new RunSecrets(hands.secrets, (text) => hands.mac(text), of);
  return { kind: 'opened', run, x, admission, secrets };
}

function admissionDifference(run: ClaimedRun, admission: AdmissionRecord): string | null {
  const expected: readonly (readonly [string, unknown, unknown])[] = [
    ['run', admission.runId, run.runId],
    ['tenant', admission.tenant, run.tenant],
    ['plan hash', admission.planHash, run.planHash],
    ['plan', sha256(run.plan), run.planHash],
    ['profile', admission.profileDigest, sha256(run.profile)],
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
