import { digestOf } from '../../canonical/digest';
import type { AdmissionRecord } from '../../evidence/records/documents';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import type { PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/runs/claims';
import { admissionDifference } from '../../stored/stored-admission';
import { alterationText, DocumentAltered, type Alteration } from '../../stored/document-altered';
import { KnownDocuments, type RunDocuments } from '../../stored/run-documents';
import type { DriverDependencies } from './driver-dependencies';
import { openSensitiveInputs } from './open-sensitive-inputs';
import { Replanned } from '../planning/replanned';
import { RunSecrets } from './run-secrets';
import { contentDifference, plannedContents, type PackContents } from '../packs/stored-contents';

/** The verified documents of an admitted run. */
export interface OpenedRun {
  readonly kind: 'opened';
  readonly run: ClaimedRun;
  readonly index: PlanIndex;
  /** The profile and the environment of its admission. */
  readonly documents: Pick<RunDocuments, 'profile' | 'environment'>;
  readonly admission: AdmissionRecord;
  readonly secrets: RunSecrets;
}

/** The records of this installation do not agree. Nothing starts (ARCHITECTURE.md, Invariants). */
export interface Halted {
  readonly kind: 'halted';
  readonly code:
    | 'ADMISSION_INVALID'
    | 'PLAN_HASH_MISMATCH'
    | 'JOURNAL_TAMPERED'
    | 'DOCUMENT_ALTERED'
    | 'OBJECT_DIGEST_MISMATCH'
    | 'SENSITIVE_INPUT_UNREADABLE';
  readonly detail: string;
  /** The altered document and its digests, for `DOCUMENT_ALTERED`. */
  readonly altered?: Alteration;
}

/**
 * Verifies the documents of an admitted run. The signature of the admission record must hold; plan, profile, environment, inputs and pack
 * must match its digests; and the rows must agree with the record. A run is driven from the result of this function, never from the claimed
 * rows.
 */
export async function openRun(dependencies: DriverDependencies, run: ClaimedRun): Promise<OpenedRun | Halted> {
  try {
    if (!isListing(run.files)) throw unlisted(run);
    return await openCompared(dependencies, run);
  } catch (error) {
    if (DocumentAltered.is(error)) return altered(error.first);
    throw error;
  }
}

async function openCompared(dependencies: DriverDependencies, run: ClaimedRun): Promise<OpenedRun | Halted> {
  const admission = dependencies.openAdmission(run.admission);
  if (!admission) return halted('ADMISSION_INVALID', 'the admission record does not verify under a configured key');
  const difference = admissionDifference(admission, run)?.what ?? recordDifference(admission, run);
  if (difference) return halted('ADMISSION_INVALID', `the ${difference} differs from the admission record`);
  const { known, replanned } = knownTo(dependencies);
  const documents = known.of(run);
  documents.compareInputs(run, run.inputs);
  const { plan, profile, environment } = documents;
  const sensitive = await openSensitiveInputs(dependencies.claims, dependencies.secrets.sensitive, run, plan);
  if (sensitive === null)
    return halted('SENSITIVE_INPUT_UNREADABLE', 'a sensitive input is missing, or does not open for this run and plan');
  if (run.lastSeq === 0) {
    const again = { ...run, inputs: { ...(run.inputs as JsonObject), ...sensitive } };
    if ((await replanned.planHash(documents, again, () => dependencies.replan(again))) !== run.planHash)
      return halted('PLAN_HASH_MISMATCH', 'the admitted pack and inputs do not result in the admitted plan hash');
    replanned.knowContents(run, plannedContents(documents.index));
  } else comparePack(run, documents, await replanned.contents(run, () => dependencies.contents(run)));
  const { signers } = admission.pack;
  const of = { run, profile, mode: environment.mode, signers, sensitive };
  const secrets = new RunSecrets(dependencies.secrets, (text) => dependencies.mac(text), of);
  return { kind: 'opened', run, index: documents.index, documents, admission, secrets };
}

/** Cache shared by the drivers that have the same dependencies. */
const KNOWN = new WeakMap<DriverDependencies, { readonly known: KnownDocuments; readonly replanned: Replanned }>();

function knownTo(dependencies: DriverDependencies): { readonly known: KnownDocuments; readonly replanned: Replanned } {
  const known = KNOWN.get(dependencies) ?? { known: new KnownDocuments(), replanned: new Replanned() };
  KNOWN.set(dependencies, known);
  return known;
}

function recordDifference(admission: AdmissionRecord, { admissionDigest }: ClaimedRun): string | null {
  return digestOf(admission as unknown as Json) === admissionDigest ? null : 'record';
}

/** Compares the digests of a run's pack with its plan. Throws `DocumentAltered`. */
export function comparePack(
  { tenant, runId }: Pick<ClaimedRun, 'tenant' | 'runId'>,
  { index }: RunDocuments,
  stored: PackContents,
): void {
  const wrong = contentDifference(plannedContents(index), stored);
  if (wrong) throw new DocumentAltered({ tenant, runId, document: 'pack', ...wrong });
}

function isListing(files: unknown): boolean {
  return (
    Array.isArray(files) &&
    files.every(
      (file: Json) =>
        isJsonObject(file) &&
        typeof file['path'] === 'string' &&
        typeof file['digest'] === 'string' &&
        typeof file['size'] === 'number' &&
        typeof file['executable'] === 'boolean',
    )
  );
}

function unlisted({ tenant, runId }: ClaimedRun): DocumentAltered {
  const what = 'the listing of the files of the pack';
  return new DocumentAltered({ tenant, runId, document: 'pack', what, expected: 'files', found: 'something else' });
}

/** Halts a run for an altered document. */
export function altered(found: Alteration): Halted {
  return { kind: 'halted', code: 'DOCUMENT_ALTERED', detail: alterationText(found), altered: found };
}

export function halted(code: Halted['code'], detail: string): Halted {
  return { kind: 'halted', code, detail };
}
