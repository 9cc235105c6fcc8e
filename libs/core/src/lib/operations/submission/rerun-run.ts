import { hasEnded } from '../../foundation/statuses';
import { isRerunFrom, RERUN_FROM } from '../../binding/reuse';
import { sigstoreBundle } from '../../evidence/encoding/sigstore';
import { pointerTo } from '../../document/json-pointer';
import { CodedError } from '../../foundation/coded-error';
import type { Fault } from '../../foundation/fault';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import { nearestName } from '../../foundation/nearest-name';
import type { Principal } from '../../foundation/principal';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { RunOriginal, RunReader } from '../../ports/runs/run-reader';
import type { RunDocuments } from '../../stored/run-documents';
import { comparePack } from '../claimed-run/open-run';
import type { PackPlanner } from '../planning/pack-planner';
import type { PackSource } from '../packs/pack-source';
import { loadSource } from '../packs/schedule-source';
import type { Idempotency } from './submission';
import type { SubmitRun, Submitted } from './submit-run';
import { invalidPack } from './submit-run-error';

/** Reasons why a rerun is refused. */
export type RerunRunCode =
  | 'RUN_NOT_FOUND'
  /** The run is active or halted. */
  | 'RUN_NOT_ENDED'
  /** The plan has no such step. */
  | 'RERUN_STEP_UNKNOWN';

/** A rerun was refused. */
export class RerunRunError extends CodedError<RerunRunCode> {
  static {
    this.brand('RerunRunError');
  }

  override readonly name = 'RerunRunError';
}

/** The request for a rerun. */
export interface Rerun {
  readonly runId: RunId;
  /**
   * `failed`: reuses the results of steps that succeeded. `start`: reuses none. Otherwise a step: it and everything after it is executed
   * again.
   */
  readonly from: string;
  /** Values of the sensitive inputs. They are not stored, so the caller supplies them again. */
  readonly sensitive: JsonObject;
}

export interface RerunRunDependencies {
  readonly reader: Pick<RunReader, 'original'>;
  readonly planner: Pick<PackPlanner, 'contents'>;
  readonly objects: ObjectStore;
  readonly submit: Pick<SubmitRun, 'submit'>;
}

/**
 * Reruns an ended run (ADR 35): a new run of the same plan that reuses earlier results by reference. It is planned, checked for trust and
 * admitted like any other. Its admission names the original and the end of its journal. Throws `RerunRunError` and the errors of
 * `SubmitRun`.
 */
export class RerunRun {
  constructor(private readonly dependencies: RerunRunDependencies) {}

  async rerun(principal: Principal, asked: Rerun, idempotency: Idempotency | null): Promise<Submitted> {
    const { runId, from } = asked;
    const { reader, submit } = this.dependencies;
    const original = await reader.original(principal.tenant, runId);
    if (!original)
      throw new RerunRunError('RUN_NOT_FOUND', 'the run does not exist', 'Check the run id and the tenant.');
    const { status, head, initiators, labels, documents, packSignatures } = original;
    if (!hasEnded(status) || head === null)
      throw new RerunRunError('RUN_NOT_ENDED', `the run is ${status}`, 'Wait until the run ends, or cancel it.');
    refuseUnknownStep(documents, from);
    const source = await this.sourceOf(principal.tenant, runId, original);
    return submit.submit(principal, {
      source,
      signatures: packSignatures.map(({ envelope, hint }) => sigstoreBundle(envelope, hint) as unknown as Json),
      inputs: inputsAgain(original, asked.sensitive),
      planHash: documents.planHash,
      receipt: null,
      labels,
      forms: original.forms.length === 0 ? null : JSON.stringify(original.forms),
      rerun: { of: runId, from, head, initiators },
      idempotency,
    });
  }

  /** The pack as it was admitted. The digest of each file and the content digest of the pack are checked. */
  private async sourceOf(tenant: TenantId, runId: RunId, original: RunOriginal): Promise<PackSource> {
    const { manifest, files, documents, sourceDigest } = original;
    const stored = { kind: 'inline', manifest, hasLines: false, files: [...files] } as const;
    const source = await loadSource(this.dependencies.objects, tenant, stored);
    const contents = await this.dependencies.planner.contents(tenant, { manifest, files: source.files });
    comparePack({ tenant, runId }, documents, contents);
    return { ...source, archiveDigest: sourceDigest };
  }
}

/** Maximum number of steps that an error lists. */
const MOST_LISTED = 12;

function refuseUnknownStep({ index }: RunDocuments, from: string): void {
  if (isRerunFrom(index, from)) return;
  const steps = [...index.nodes.keys()];
  const near = nearestName(from, [RERUN_FROM.failed, RERUN_FROM.start, ...steps]);
  const list =
    steps.length > MOST_LISTED
      ? 'Use failed, start or a step of the plan.'
      : `Use failed, start or a step of the plan: ${steps.join(', ')}.`;
  throw new RerunRunError(
    'RERUN_STEP_UNKNOWN',
    `the plan has no step ${from}`,
    near === null ? list : `Did you mean ${near}? ${list}`,
  );
}

/** The inputs of the original, with the caller's values for sensitive ones. */
function inputsAgain({ inputs }: RunOriginal, sensitive: JsonObject): JsonObject {
  const withheld = Object.keys(inputs).filter((name) => JSON.stringify(inputs[name]) === '{"sensitive":true}');
  const faults = [
    ...withheld
      .filter((name) => !Object.hasOwn(sensitive, name))
      .map((name) => fault(name, 'INPUT_REQUIRED', `The sensitive input ${name} is not stored.`, 'Send it again.')),
    ...Object.keys(sensitive)
      .filter((name) => !withheld.includes(name))
      .map((name) => {
        const near = nearestName(name, withheld);
        const remedy = near === null ? 'Omit it.' : `Did you mean ${near}?`;
        return fault(name, 'INPUT_UNKNOWN', `The run had no sensitive input ${name}.`, remedy);
      }),
  ];
  if (faults.length > 0) throw invalidPack('PLAN_INVALID', faults);
  return { ...inputs, ...sensitive };
}

function fault(name: string, code: string, message: string, remediation: string): Fault {
  return { code, path: pointerTo('/sensitive', name), line: null, column: null, message, remediation };
}
