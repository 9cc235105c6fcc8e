import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import { CodedError } from '../foundation/coded-error';
import type { Fault } from '../foundation/fault';
import type { Digest, RunId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import type { Principal } from '../foundation/principal';
import { toManifest } from '../pack/pack-digest';
import { compareReceipts } from '../plan/hash-plan';
import type { Planned, Receipt } from '../plan/plan-request';
import type { ObjectStore } from '../ports/object-store';
import type { NewRun, RunStore } from '../ports/run-store';
import type { Signer } from '../ports/signer';
import { admissionRecord, initiatorsOf, signAdmission } from './admission-record';
import { packedFiles, planPack, sourceDigestOf, type PackSource, type PlanningSetting } from './pack-source';

/** Why a run is not accepted. */
export type SubmitRunCode =
  /** The pack as written is wrong: see the faults. */
  | 'PACK_INVALID'
  /** The pack cannot run with these inputs here: see the faults. */
  | 'PLAN_INVALID'
  /** The plan is not the one whose hash was given. */
  | 'PLAN_HASH_MISMATCH'
  /** The key came before with another body. */
  | 'IDEMPOTENCY_KEY_REUSED';

/** A run that is not accepted. */
export class SubmitRunError extends CodedError<SubmitRunCode> {
  override readonly name = 'SubmitRunError';
}

/** The plan differs from the hash given: with what it is here, so that the caller can see where. */
export class PlanHashMismatch extends SubmitRunError {
  constructor(
    readonly planHash: Digest,
    readonly receipt: Receipt,
    faults: readonly Fault[],
  ) {
    const differing = faults.map(({ path }) => path.slice(1)).join(', ');
    const detail = differing === '' ? 'the plan here has another hash' : `${differing} differ`;
    super('PLAN_HASH_MISMATCH', detail, 'Plan the pack again and compare the receipts.', faults);
  }
}

/** What a caller asks for. */
export interface Submission {
  readonly source: PackSource;
  readonly inputs: JsonObject;
  /** What the plan must hash to. */
  readonly planHash: Digest | null;
  /** The caller's receipt, to name what differs. */
  readonly receipt: Receipt | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly idempotency: { readonly key: string; readonly route: string; readonly bodyDigest: Digest } | null;
}

export interface SubmitRunHands {
  readonly runs: RunStore;
  readonly objects: ObjectStore;
  /** Of usage `admission`. */
  readonly signer: Signer;
  readonly setting: PlanningSetting;
  /** 128 random bits or more, hexadecimal. */
  readonly nonce: () => string;
}

export interface Submitted {
  readonly runId: RunId;
  /** True if the same request came before: nothing new was made. */
  readonly replayed: boolean;
}

/** Accepts a run: plans the pack, compares the hash, signs the admission, stores it all in one statement. Throws `SubmitRunError`. */
export class SubmitRun {
  constructor(private readonly hands: SubmitRunHands) {}

  async submit(principal: Principal, submission: Submission): Promise<Submitted> {
    const { source, inputs } = submission;
    const planning = planPack(source, inputs, this.hands.setting);
    if (planning.kind === 'refused') {
      const { code, faults } = planning;
      const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
      throw new SubmitRunError(code, `the pack has ${count}`, 'Correct what is listed under errors.', faults);
    }
    const { planned, read, files } = planning;
    comparePlan(planned, submission);
    const { runs, objects, signer, setting, nonce } = this.hands;
    const packed = packedFiles(source, files);
    const stored: NewRun['files'] = [];
    for (const { path, bytes, executable } of packed) {
      const { digest, size } = await objects.put(principal.tenant, piecesOf(bytes), { maxBytes: bytes.length });
      stored.push({ path, digest, size, executable });
    }
    const { at, runId } = await runs.stamp();
    const { metadata } = read.pack;
    const pack = {
      name: metadata.name,
      version: metadata.version,
      contentDigest: planned.plan.pack.contentDigest,
      sourceDigest: sourceDigestOf(source),
    };
    const { planHash, profileDigest, profile } = planned;
    const record = admissionRecord(principal, { runId, pack, planHash, profileDigest, acceptedAt: at, nonce: nonce() });
    const admission = await signAdmission(signer, record);
    const { tenant, iss, sub, name } = principal;
    const created = await runs.create({
      tenant,
      runId,
      planHash,
      plan: canonical(planned.plan as unknown as Json),
      profile: canonical(profile as unknown as Json),
      profileDigest,
      environment: canonical(setting.environment as unknown as Json),
      environmentDigest: digestOf(setting.environment as unknown as Json),
      pack,
      manifest: canonical(toManifest(read.pack)),
      files: stored,
      inputs: planned.values,
      initiators: initiatorsOf(principal),
      requester: { iss, sub, name },
      labels: submission.labels,
      admission: admission.envelope,
      admissionDigest: admission.digest,
      acceptedAt: at,
      stepsTotal: planned.index.nodes.size,
      idempotency: submission.idempotency && { ...submission.idempotency, person: { iss, sub } },
    });
    if (created.kind === 'refused') {
      const remedy = 'Take a new key for a new request, or send the first request again as it was.';
      throw new SubmitRunError(created.code, 'the key came before with another body', remedy);
    }
    return created.kind === 'replayed' ? { runId: created.runId, replayed: true } : { runId, replayed: false };
  }
}

function comparePlan(planned: Planned, { planHash, receipt }: Submission): void {
  if (planHash === null || planHash === planned.planHash) return;
  const differing = receipt === null ? [] : compareReceipts(receipt, planned.receipt);
  const faults = differing.map((component): Fault => {
    const message = `${component} differs from what was planned.`;
    const remediation = 'Compare this part of the two plans, or plan again.';
    return { code: 'RECEIPT_DIFFERS', path: `/${component}`, line: null, column: null, message, remediation };
  });
  throw new PlanHashMismatch(planned.planHash, planned.receipt, faults);
}

async function* piecesOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
