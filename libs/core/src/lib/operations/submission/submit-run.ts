import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import type { AdmissionRecord } from '../../evidence/records/documents';
import { extended } from '../../foundation/extended';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { PackTrust } from '../../publisher/pack-trust';
import type { Environment } from '../../plan/profile';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { RunSummary } from '../../ports/runs/run-reader';
import type { NewRun, RunStore } from '../../ports/runs/run-store';
import type { SensitiveInputs } from '../../ports/runs/sensitive-inputs';
import type { Signer } from '../../ports/evidence/signer';
import type { Uploads } from '../../ports/objects/uploads';
import type { WorkerDirectory } from '../../ports/workers/worker-directory';
import type { AdmissiblePack } from '../packs/admissible-pack';
import { auditedCaller } from '../callers/audited-caller';
import { invalidPack, SubmitRunError } from './submit-run-error';
import { admissionRecord, initiatorsOf, signAdmission, type RerunLink } from './admission-record';
import { summaryOf } from './new-run-summary';
import type { Idempotency, Submission } from './submission';
import { besideThePack, comparePlan, compareProfile, refuseSensitive, refuseUntrusted } from './submission-checks';
import type { PackJudge } from '../packs/pack-judge';
import type { ReplayedRuns } from './replayed-runs';
import { requestNonce, type KeyedRequest } from './request-nonce';
import { embedInnerPacks, type ResolvePack } from '../packs/inner-packs';
import { resolveFileInputs } from '../planning/file-inputs';
import type { PackPlanner } from '../planning/pack-planner';
import { signersOf } from '../planning/pack-signers';
import { filesAt, sourceDigestOf, type PackFile, type PlanningSetting } from '../packs/pack-source';
import { piecesOf } from '../work/byte-pieces';

export interface SubmitRunDependencies {
  readonly runs: RunStore;
  readonly objects: ObjectStore;
  readonly uploads: Pick<Uploads, 'find'>;
  readonly signer: Signer<'admission'>;
  readonly planner: PackPlanner;
  readonly judge: PackJudge;
  readonly replayed: Pick<ReplayedRuns, 'find'>;
  /** Resolves published packs that packs use. Null if there is no registry. */
  readonly resolvePack: ResolvePack | null;
  readonly workerDirectory: WorkerDirectory;
  /** Null if no key is configured. Planning then refuses packs with sensitive inputs. */
  readonly sensitive: SensitiveInputs | null;
  /** At least 128 random bits, hexadecimal. */
  readonly nonce: () => string;
  /** The original of every run that is submitted, if it is in no database of this installation; null: they have none. */
  readonly original: RerunLink | null;
}

export interface Submitted {
  readonly runId: RunId;
  /** True if the request was a repetition. No run was created. */
  readonly replayed: boolean;
  /** The new run, or the run that the first request created. */
  readonly run: RunSummary;
}

/** Maximum number of pack files that are stored concurrently. */
const PUTS_AT_ONCE = 8;

/**
 * Accepts a run: plans the pack, compares the plan hash, signs the admission, and stores everything in one statement. Throws
 * `SubmitRunError`, and the errors of `ReplayedRuns` for a repeated request.
 */
export class SubmitRun {
  /** Canonical text and digest of each environment of this installation. */
  private readonly environments = new WeakMap<Environment, { readonly text: string; readonly digest: Digest }>();

  constructor(private readonly dependencies: SubmitRunDependencies) {}

  async submit(principal: Principal, submission: Submission): Promise<Submitted> {
    const run = await this.prepare(principal, submission);
    const created = await this.dependencies.runs.create(run);
    switch (created.kind) {
      case 'created':
        return { runId: run.runId, replayed: false, run: summaryOf(run, created.inLine) };
      case 'replayed':
        return this.first(run.tenant, created.runId, run.idempotency);
      case 'refused': {
        if (created.code === 'CONCURRENCY_GROUP_HELD') throw groupHeld(run, created.holder);
        const before = submission.idempotency && (await this.replay(principal, submission.idempotency));
        if (before) return before;
        const remedy = 'Use a new key for a new request, or repeat the first request unchanged.';
        throw new SubmitRunError(created.code, 'the key was used with another body', remedy);
      }
    }
  }

  /** Plans and admits a run without storing it, for callers that store it in another way than `submit`. */
  async prepare(principal: Principal, submission: Submission): Promise<NewRun> {
    const { planning, trust, published } = await this.check(principal, submission);
    await this.refuseUnenforceable(planning);
    return this.admit(principal, submission, planning, trust, published);
  }

  /** Plans the pack and checks its trust; nothing is stored. Throws every error that `submit` can throw before it stores anything. */
  async check(
    principal: Principal,
    submission: Submission,
  ): Promise<{
    readonly planning: AdmissiblePack;
    readonly trust: PackTrust;
    /** Files of the published packs that the pack uses. */
    readonly published: readonly PackFile[];
  }> {
    const { judge, planner, uploads, resolvePack } = this.dependencies;
    const { signatures } = submission;
    const { source, published, packs } = await embedInnerPacks(principal.tenant, submission.source, {
      resolve: resolvePack,
      uses: (asking, user) => planner.uses(asking, user),
    });
    const supplied = { ...submission, source };
    const { inputs, faults } = submission.rerun
      ? { inputs: submission.inputs, faults: [] }
      : await resolveFileInputs({ uploads, planner }, principal.tenant, supplied, true);
    const signers = await signersOf(judge, planner, principal.tenant, source, signatures);
    const beside = besideThePack(principal, submission.labels, this.originalOf(submission));
    const planning = await planner.plan(principal.tenant, source, inputs, signers, beside);
    if (planning.kind === 'refused') throw invalidPack(planning.code, [...faults, ...planning.faults]);
    if (faults.length > 0) throw invalidPack('PLAN_INVALID', faults);
    if (submission.schedule) refuseSensitive(planning);
    comparePlan(planning, submission);
    compareProfile(planning, submission);
    const { pack } = planning;
    const trust = await judge.judge(principal.tenant, pack, signatures);
    refuseUntrusted(pack, trust);
    // Inner packs need the same trust as packs that are run directly.
    for (const { pack: inner, contentDigest, signatures: supplied } of packs) {
      const { name, version } = inner.metadata;
      refuseUntrusted(
        { name, version },
        await judge.judge(principal.tenant, { name, version, contentDigest }, supplied),
      );
    }
    return { planning, trust, published };
  }

  /**
   * The run that the same request created earlier; null if there is none. This also works if the request's uploads have expired, when it
   * could no longer be planned.
   */
  async replay({ tenant, iss, sub }: Principal, idempotency: Idempotency): Promise<Submitted | null> {
    const { runs, sensitive } = this.dependencies;
    const { key, route, bodyDigest, earlierDigests } = idempotency;
    for (const plain of [bodyDigest, ...earlierDigests])
      for (const digest of sensitive ? [plain, sensitive.digest(tenant, plain)] : [plain]) {
        const request: KeyedRequest = { key, route, person: { iss, sub }, bodyDigest: digest };
        const found = await runs.replayed(tenant, request);
        if (found !== null) return this.first(tenant, found, request);
      }
    return null;
  }

  private async first(tenant: TenantId, runId: RunId, request: KeyedRequest | null): Promise<Submitted> {
    if (request === null) throw new TypeError('a request without a key was repeated');
    return { runId, replayed: true, run: await this.dependencies.replayed.find(tenant, runId, request) };
  }

  /** Stores the pack's files and signs the admission. If the run is not created, nothing refers to these files. */
  private async admit(
    principal: Principal,
    submission: Submission,
    planning: AdmissiblePack,
    { signers, signatures }: PackTrust,
    published: readonly PackFile[],
  ): Promise<NewRun> {
    const { runs, objects, signer, nonce } = this.dependencies;
    const environment = this.environmentOf(planning);
    const { tenant, iss, sub, name } = principal;
    const packed = [...filesAt(planning.packed, submission.source), ...published];
    const stored: NewRun['files'] = [];
    const store = async (waiting: IterableIterator<[number, PackFile]>): Promise<void> => {
      for (const [place, { path, bytes, executable }] of waiting) {
        const { digest, size } = await objects.put(tenant, piecesOf(bytes), { maxBytes: bytes.length });
        stored[place] = { path, digest, size, executable };
      }
    };
    const waiting = packed.entries();
    await Promise.all(Array.from({ length: PUTS_AT_ONCE }, () => store(waiting)));
    const { at, runId } = await runs.stamp();
    const { planHash, profileDigest } = planning;
    const pack = extended(planning.pack, { sourceDigest: sourceDigestOf(submission.source) });
    const scheduleId = submission.schedule?.scheduleId;
    const idempotency = submission.idempotency && {
      key: submission.idempotency.key,
      route: submission.idempotency.route,
      bodyDigest: this.bodyDigest(planning, tenant, submission.idempotency.bodyDigest),
      person: { iss, sub },
    };
    const admitted = { runId, pack: extended(pack, { signers }), planHash, profileDigest, acceptedAt: at };
    const rerun = this.originalOf(submission);
    const named = { scheduleId, rerun, nonce: requestNonce(nonce(), tenant, idempotency) };
    const record = admissionRecord(principal, extended(admitted, named));
    const admission = await signAdmission(signer, record);
    return {
      tenant,
      runId,
      planHash,
      ...planning.texts,
      // The stored manifest of the original is sorted.
      forms: submission.forms ?? planning.texts.forms,
      profileDigest,
      environment: environment.text,
      environmentDigest: environment.digest,
      pack,
      files: stored,
      packSignatures: signatures,
      sensitive: this.sealedInputs(planning, runId),
      initiators: initiatorsOf(principal, rerun?.initiators),
      requester: { iss, sub, name },
      labels: submission.labels,
      rerunOf: rerun?.of ?? null,
      admission: admission.envelope,
      admissionDigest: admission.digest,
      audit: submissionEvent(principal, record, admission.digest),
      acceptedAt: at,
      // Here for the one who fills it in: see `extended`.
      traceContext: null,
      stepsTotal: planning.steps,
      workerLabels: planning.workerLabels,
      concurrency: planning.concurrency,
      idempotency,
    };
  }

  private originalOf({ rerun }: Submission): RerunLink | undefined {
    return rerun ?? this.dependencies.original ?? undefined;
  }

  private sealedInputs({ sensitive, planHash }: AdmissiblePack, runId: RunId): NewRun['sensitive'] {
    return Object.entries(sensitive).map(([name, text]) => {
      return { name, sealed: this.sealer().seal({ runId, name, planHash }, text) };
    });
  }

  /** A body with a sensitive value has a keyed digest, because a plain digest would allow guesses. */
  private bodyDigest({ sensitive }: AdmissiblePack, tenant: Principal['tenant'], digest: Digest): Digest {
    return Object.keys(sensitive).length === 0 ? digest : this.sealer().digest(tenant, digest);
  }

  private sealer(): SensitiveInputs {
    if (!this.dependencies.sensitive) throw new TypeError('sensitive inputs were planned without a key');
    return this.dependencies.sensitive;
  }

  /** Refuses a sealed run if no living worker supports sealed mode. Without any living worker the support is unknown, and the run waits. */
  private async refuseUnenforceable(planning: AdmissiblePack): Promise<void> {
    if (!planning.sealed) return;
    const { live, honouring } = await this.dependencies.workerDirectory.enforcing(
      environmentWhere(planning.sealed, this.dependencies.planner.setting).isolation,
    );
    if (live === 0 || honouring > 0) return;
    throw new SubmitRunError(
      'SEALED_UNENFORCEABLE',
      live === 1
        ? 'the only live worker does not support sealed mode'
        : `none of the ${live} live workers supports sealed mode`,
      'See in the log of a worker what its sandbox lacks (sandbox.unavailable), or start a worker on a suitable machine.',
    );
  }

  private environmentOf({ sealed }: AdmissiblePack): { readonly text: string; readonly digest: Digest } {
    const environment = environmentWhere(sealed, this.dependencies.planner.setting);
    const known = this.environments.get(environment);
    if (known) return known;
    const text = canonical(environment as unknown as Json);
    const found = { text, digest: sha256(text) };
    this.environments.set(environment, found);
    return found;
  }
}

/** The audit entry of a submission: caller, pack, and digest of the signed record. */
function submissionEvent(principal: Principal, record: AdmissionRecord, admission: Digest): JsonObject {
  const { runId, planHash, scheduleId, rerunOf } = record;
  const { name, version, contentDigest } = record.pack;
  const event = { type: 'run.submitted', runId, pack: { name, version, contentDigest }, planHash, admission };
  const links = { ...(scheduleId !== null && { scheduleId }), ...(rerunOf !== null && { rerunOf }) };
  return Object.assign(event, links, auditedCaller(principal));
}

/** Sealed runs have their own environment unless all runs are sealed. */
function environmentWhere(sealed: boolean, { environment, sealedEnvironment }: PlanningSetting): Environment {
  return sealed ? (sealedEnvironment ?? environment) : environment;
}

function groupHeld({ concurrency }: NewRun, holder: RunId): SubmitRunError {
  return new SubmitRunError(
    'CONCURRENCY_GROUP_HELD',
    `the run ${holder} holds the concurrency group ${concurrency?.group ?? ''}`,
    'Submit the run again after the other run has ended, or cancel the other run.',
  );
}
