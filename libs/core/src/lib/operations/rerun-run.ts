import { isRerunFrom } from '../binding/taken-over';
import { sigstoreBundle } from '../evidence/sigstore';
import { pointerTo } from '../document/json-pointer';
import { CodedError } from '../foundation/coded-error';
import type { Fault } from '../foundation/fault';
import type { RunId, TenantId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import { nearestName } from '../foundation/nearest-name';
import type { Principal } from '../foundation/principal';
import { indexPlan } from '../plan/plan-index';
import type { Plan } from '../plan/plan';
import type { Environment, Profile } from '../plan/profile';
import type { ObjectStore } from '../ports/object-store';
import type { RunOriginal, RunReader } from '../ports/run-reader';
import type { PackSource } from './pack-source';
import { loadSource } from './schedule-source';
import { invalidPack, type Idempotency, type SubmitRun, type Submitted } from './submit-run';

/** Why a run is not done again. */
export type RerunRunCode =
  | 'RUN_NOT_FOUND'
  /** It is under way, or halted. */
  | 'RUN_NOT_ENDED'
  /** Its plan has no such step. */
  | 'RERUN_STEP_UNKNOWN';

/** A rerun that is refused. */
export class RerunRunError extends CodedError<RerunRunCode> {
  static {
    this.brand('RerunRunError');
  }

  override readonly name = 'RerunRunError';
}

/** What a caller asks for. */
export interface Rerun {
  readonly runId: RunId;
  /** `failed`: what succeeded is taken over. `start`: nothing is. Else the step from which on everything is done again. */
  readonly from: string;
  /** The sensitive inputs again: they are not kept. */
  readonly sensitive: JsonObject;
}

export interface RerunRunHands {
  readonly reader: Pick<RunReader, 'original' | 'plan'>;
  readonly objects: ObjectStore;
  readonly submit: Pick<SubmitRun, 'submit'>;
}

const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

/**
 * Does an ended run again (engine.md §6): a new run of the same plan, planned, trusted and admitted as any other, that takes over by
 * reference what succeeded before. Its admission names the original and where that one's journal ends. Throws `RerunRunError` and what
 * `SubmitRun` throws.
 */
export class RerunRun {
  constructor(private readonly hands: RerunRunHands) {}

  async rerun(principal: Principal, asked: Rerun, idempotency: Idempotency | null): Promise<Submitted> {
    const { runId, from } = asked;
    const { reader, submit } = this.hands;
    const [original, planned] = await Promise.all([
      reader.original(principal.tenant, runId),
      reader.plan(principal.tenant, runId),
    ]);
    if (!original || !planned)
      throw new RerunRunError('RUN_NOT_FOUND', 'there is no such run', 'Check the run id and the tenant.');
    const { status, head, initiators, labels, planHash, packSignatures } = original;
    if (!ENDED.has(status) || head === null)
      throw new RerunRunError('RUN_NOT_ENDED', `the run is ${status}`, 'Wait for its end, or cancel it.');
    refuseUnknownStep(planned, from);
    return submit.submit(principal, {
      source: await this.sourceOf(principal.tenant, original),
      signatures: packSignatures.map(({ envelope, hint }) => sigstoreBundle(envelope, hint) as unknown as Json),
      inputs: inputsAgain(original, asked.sensitive),
      planHash,
      receipt: null,
      labels,
      rerun: { of: runId, from, head, initiators },
      idempotency,
    });
  }

  /** The pack as it was admitted; each of its files is read hashed. */
  private async sourceOf(tenant: TenantId, { manifest, files, sourceDigest }: RunOriginal): Promise<PackSource> {
    const stored = { kind: 'inline', manifest, hasLines: false, files: [...files] } as const;
    return { ...(await loadSource(this.hands.objects, tenant, stored)), archiveDigest: sourceDigest };
  }
}

function refuseUnknownStep(planned: NonNullable<Awaited<ReturnType<RunReader['plan']>>>, from: string): void {
  const { defaults } = JSON.parse(planned.profile) as Profile;
  const { floor } = (JSON.parse(planned.environment) as Environment).approvals;
  const x = indexPlan(JSON.parse(planned.plan) as Plan, planned.planHash, defaults, floor);
  if (isRerunFrom(x, from)) return;
  const near = nearestName(from, x.nodes.keys());
  throw new RerunRunError(
    'RERUN_STEP_UNKNOWN',
    `the plan has no step ${from}`,
    near === null ? 'See the steps of its plan.' : `Did you mean ${near}?`,
  );
}

/** The inputs of the original, and for its sensitive ones what the caller gives. */
function inputsAgain({ inputs }: RunOriginal, sensitive: JsonObject): JsonObject {
  const withheld = Object.keys(inputs).filter((name) => JSON.stringify(inputs[name]) === '{"sensitive":true}');
  const faults = [
    ...withheld
      .filter((name) => !Object.hasOwn(sensitive, name))
      .map((name) => fault(name, 'INPUT_REQUIRED', `The sensitive input ${name} is not kept.`, 'Give it again.')),
    ...Object.keys(sensitive)
      .filter((name) => !withheld.includes(name))
      .map((name) => fault(name, 'INPUT_UNKNOWN', `The run had no sensitive input ${name}.`, 'Leave it out.')),
  ];
  if (faults.length > 0) throw invalidPack('PLAN_INVALID', faults);
  return { ...inputs, ...sensitive };
}

function fault(name: string, code: string, message: string, remediation: string): Fault {
  return { code, path: pointerTo('/sensitive', name), line: null, column: null, message, remediation };
}
