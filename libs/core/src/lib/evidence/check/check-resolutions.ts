import { sameSubject } from '../../foundation/principal';
import type { Digest } from '../../foundation/ids';
import type { ResolutionRecord } from '../documents';
import { digestOfRef, type Placed } from '../run-facts';
import { fail, type Case } from './case';

// Resolutions end the attention that `once` steps needed: they are decisions of people, checked beside those at gates.

/**
 * How many there are. Fails unless each that the journal took has its record, signed by a ledger key, that says the same, and there
 * is no record beside.
 */
export function signedResolutions(bundle: Case): number {
  const { facts } = bundle.documents();
  const opened = bundle.resolutions();
  const taken = facts.entries.flatMap(({ seq, at, event }): Placed<'attention.resolved'>[] =>
    event.type === 'attention.resolved' ? [{ ...event, seq, at }] : [],
  );
  const named = new Set<Digest>();
  for (const given of taken) {
    const record = opened.get(given.record) ?? fail(`resolution ${given.record} of ${given.step} is missing`);
    const same =
      record.step === given.step &&
      record.execution === given.execution &&
      record.outcome === given.outcome &&
      record.outputsDigest === digestOfRef(given.outputs);
    if (!same) fail(`the journal tells the resolution of ${given.step} otherwise`);
    named.add(given.record);
  }
  for (const digest of opened.keys()) if (!named.has(digest)) fail(`resolution ${digest} is not in the journal`);
  return opened.size;
}

/** Fails unless each was given by a person who did not initiate the run, signed in recently enough, after the run was admitted. */
export function resolvedByPeople(bundle: Case): number {
  const { admission, environment } = bundle.documents();
  const { issuers } = bundle.request.trust;
  const { maxAuthAgeMs } = environment.approvals.floor;
  for (const record of bundle.resolutions().values()) {
    const objection = objectionTo(record, admission.record, maxAuthAgeMs);
    if (objection !== null) fail(`the resolution of ${record.step}: ${objection}`);
    const issuer = issuers.find(({ iss }) => iss === record.person.iss);
    if (issuers.length > 0 && issuer?.kind !== 'people') fail(`${record.person.iss} does not speak for people`);
  }
  return bundle.resolutions().size;
}

function objectionTo(
  record: ResolutionRecord,
  admitted: ReturnType<Case['admission']>['record'],
  maxAuthAgeMs: number | null,
): string | null {
  if (record.runId !== admitted.runId || record.tenant !== admitted.tenant) return 'of another run';
  if (admitted.initiators.some((initiator) => sameSubject(initiator, record.person)))
    return 'by somebody who initiated the run';
  if (record.reason.trim() === '') return 'without a reason';
  const at = Date.parse(record.decidedAt);
  if (at <= Date.parse(admitted.acceptedAt)) return 'made before the run was admitted';
  if (maxAuthAgeMs !== null && at - Date.parse(record.authTime) > maxAuthAgeMs)
    return 'by somebody who authenticated too long before';
  return null;
}
