import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { PAYLOAD_TYPE, type AdmissionRecord, type RerunRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, ScheduleId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Actor, Principal } from '../../foundation/principal';
import type { Signer } from '../../ports/evidence/signer';

/**
 * The caller and every `act` in the token, without duplicates (docs/guides/approvals.md, Who may decide). None of them may decide the run's
 * gates.
 */
export function initiatorsOf({ iss, sub, kind, actors }: Principal, others: readonly Actor[] = []): readonly Actor[] {
  const behind = [...actors, ...others].map((actor) => ({ iss: actor.iss, sub: actor.sub, kind: actor.kind }));
  const all = [{ iss, sub, kind }, ...behind];
  return all.filter((one, index) => all.findIndex((other) => other.iss === one.iss && other.sub === one.sub) === index);
}

/** The original of a rerun. */
export interface RerunLink extends RerunRecord {
  readonly of: RunId;
  /** Initiators of the original. They are initiators of the rerun too (docs/guides/approvals.md, Who may decide). */
  readonly initiators: readonly Actor[];
}

/** The content of an admission, without its initiators. */
export interface Admission {
  readonly runId: RunId;
  readonly pack: AdmissionRecord['pack'];
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  /** Milliseconds since the epoch, database time. */
  readonly acceptedAt: number;
  readonly nonce: string;
  /** The schedule whose tick submitted the run. */
  readonly scheduleId?: ScheduleId | undefined;
  /** Set for reruns only. */
  readonly rerun?: RerunLink | undefined;
}

/** Builds the admission record (docs/predicates/records.md) of a run. */
export function admissionRecord(principal: Principal, admission: Admission): AdmissionRecord {
  const { runId, pack, planHash, profileDigest, acceptedAt, nonce, scheduleId, rerun } = admission;
  return {
    schema: 'taskrunner.admission.v1',
    runId,
    tenant: principal.tenant,
    initiators: initiatorsOf(principal, rerun?.initiators),
    pack,
    planHash,
    profileDigest,
    scheduleId: scheduleId ?? null,
    rerunOf: rerun?.of ?? null,
    ...(rerun && { rerun: { from: rerun.from, head: rerun.head } }),
    acceptedAt: new Date(acceptedAt).toISOString(),
    nonce,
  };
}

/** Signs the record. Returns the envelope and the digest of its payload. The signer has usage `admission`. */
export async function signAdmission(
  signer: Signer<'admission'>,
  record: AdmissionRecord,
): Promise<{ readonly envelope: Envelope; readonly digest: Digest }> {
  const payload = canonical(record as unknown as Json);
  return { envelope: await signer.sign(PAYLOAD_TYPE.admission, payload), digest: sha256(payload) };
}
