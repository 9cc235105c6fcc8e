import { canonical } from '../../canonical/canonical';
import { faultAt } from '../../foundation/fault';
import type { Principal } from '../../foundation/principal';
import { compareReceipts } from '../../plan/hash-plan';
import type { PackTrust } from '../../publisher/pack-trust';
import type { AdmissiblePack } from '../packs/admissible-pack';
import type { SealedDocument } from '../packs/sensitive-in-pack';
import type { RerunLink } from './admission-record';
import type { Submission } from './submission';
import { invalidPack, PlanHashMismatch, ProfileMismatch, SubmitRunError } from './submit-run-error';

/** Refuses a pack that its publishers' signatures do not admit. */
export function refuseUntrusted(
  { name, version }: { readonly name: string; readonly version: string },
  { refusal }: PackTrust,
): void {
  if (refusal === null) return;
  const { code, detail, remediation } = refusal;
  throw new SubmitRunError(code, `${name}:${version}: ${detail}`, remediation);
}

/** A schedule would store the values for all of its runs, so it may have no sensitive inputs. */
export function refuseSensitive({ sensitive }: AdmissiblePack): void {
  const names = Object.keys(sensitive);
  if (names.length === 0) return;
  const faults = names.map((name) => {
    const message = `A schedule cannot store the sensitive input ${name}.`;
    return faultAt('INPUT_SENSITIVE_UNAVAILABLE', `/inputs/${name}`, message, 'Use a secret instead.');
  });
  throw invalidPack('PLAN_INVALID', faults);
}

/**
 * Refuses sensitive values in data beside the pack. The admission names the caller and the initiators, and every reader of the run sees its
 * labels.
 */
export function besideThePack(
  { iss, sub, name, actors }: Principal,
  labels: Submission['labels'],
  rerun: RerunLink | undefined,
): readonly SealedDocument[] {
  const initiators = [...actors, ...(rerun?.initiators ?? [])].map((actor) => [actor.iss, actor.sub]);
  return [
    ...Object.entries(labels).map(([label, value]) => ({ name: `the label ${label}`, content: value })),
    { name: 'the admission', content: canonical([iss, sub, name ?? null, ...initiators]) },
  ];
}

export function comparePlan(planned: AdmissiblePack, { planHash, receipt }: Submission): void {
  if (planHash === null || planHash === planned.planHash) return;
  const differing = receipt === null ? [] : compareReceipts(receipt, planned.receipt);
  const faults = differing.map((component) => {
    const message = `${component} differs from the earlier plan.`;
    const remediation = 'Compare this component of the two plans, or plan again.';
    return faultAt('RECEIPT_DIFFERS', `/${component}`, message, remediation);
  });
  throw new PlanHashMismatch(planned.planHash, planned.receipt, faults, planned.profileDigest);
}

export function compareProfile({ profileDigest, planHash }: AdmissiblePack, { schedule }: Submission): void {
  const expected = schedule?.profileDigest ?? null;
  if (expected === null || expected === profileDigest) return;
  throw new ProfileMismatch(profileDigest, planHash);
}
