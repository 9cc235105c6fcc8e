import type { Digest } from '../../../foundation/ids';
import type { Subject } from '../../../foundation/principal';
import { objectionToDeciders, personsOf, type DeciderObjection, type Deciders } from '../../../gate/deciders';
import type { ApprovalFloor } from '../../../plan/profile';
import type { ResolutionRecord } from '../../records/documents';
import { digestOfRef } from '../../records/run-facts';
import type { TrustFile } from '../../encoding/trust';
import { fail, type VerificationSession } from './verification-session';
import { isStatedTooEarly } from './clocks';

// Resolutions end the attention that `once` steps needed. They are decisions of people and are checked together with decisions at gates.

/**
 * The number of resolutions. Fails unless each resolution that the journal took has a record that agrees, was made before it and is signed
 * by a ledger key, and unless there are no other records.
 */
export function signedResolutions(bundle: VerificationSession): number {
  const { facts } = bundle.documents();
  const opened = bundle.resolutions();
  const named = new Set<Digest>();
  for (const { at, event: input } of facts.entries) {
    if (input.type !== 'attention.resolved') continue;
    const record = opened.get(input.record) ?? fail(`resolution ${input.record} of ${input.step} is missing`);
    const same =
      record.step === input.step &&
      record.execution === input.execution &&
      record.outcome === input.outcome &&
      record.outputsDigest === digestOfRef(input.outputs);
    if (!same) fail(`the journal contradicts the resolution of ${input.step}`);
    if (isStatedTooEarly(at, record.decidedAt)) fail(`the resolution of ${input.step} was taken before it was made`);
    named.add(input.record);
  }
  for (const digest of opened.keys()) if (!named.has(digest)) fail(`resolution ${digest} is not in the journal`);
  return opened.size;
}

/** Fails unless each resolution was made after the admission by a person who did not initiate the run and had signed in recently enough. */
export function resolvedByPeople(bundle: VerificationSession): number {
  const { admission, environment } = bundle.documents();
  const { floor } = environment.approvals;
  for (const record of bundle.resolutions().values()) {
    const objection = objectionTo(record, admission.record, floor);
    if (objection !== null) fail(`the resolution of ${record.step}: ${objection}`);
    const stranger = personOfNoPeople(bundle.request.trust, { ...record, onBehalfOf: null });
    if (stranger !== null) fail(`${stranger.iss} does not issue tokens to people`);
  }
  return bundle.resolutions().size;
}

function objectionTo(
  record: ResolutionRecord,
  admitted: ReturnType<VerificationSession['admission']>['record'],
  { maxAuthAgeMs, actors }: ApprovalFloor,
): string | null {
  if (record.runId !== admitted.runId || record.tenant !== admitted.tenant) return 'of another run';
  const { initiators } = admitted;
  const rule = { initiators, selfApproval: false, ...(actors && { actors }) };
  const objection = objectionToDeciders({ ...record, onBehalfOf: null }, rule);
  if (objection !== null) return wordsOf(objection);
  if (record.reason.trim() === '') return 'without a reason';
  const at = Date.parse(record.decidedAt);
  if (at <= Date.parse(admitted.acceptedAt)) return 'made before the run was admitted';
  if (maxAuthAgeMs !== null && at - Date.parse(record.authTime) > maxAuthAgeMs)
    return 'by a person whose authentication was too old';
  return null;
}

/** A recorded person whose issuer the trust file does not list as an issuer for people; null if there is none or if it lists no issuers. */
export function personOfNoPeople({ issuers }: Pick<TrustFile, 'issuers'>, deciders: Deciders): Subject | null {
  if (issuers.length === 0) return null;
  const speaks = ({ iss }: Subject): boolean => issuers.find((issuer) => issuer.iss === iss)?.kind === 'people';
  return personsOf(deciders).find((person) => !speaks(person)) ?? null;
}

/** The objection in the words of a check. */
export function wordsOf(objection: DeciderObjection): string {
  switch (objection) {
    case 'GATE_SELF_APPROVAL':
      return 'by an initiator of the run';
    case 'GATE_NOT_A_PERSON':
      return 'by or through a program that may not act for a person';
  }
}
