import { canonical } from '../../canonical/canonical';
import { digestOf } from '../../canonical/digest';
import { onceFor } from '../../foundation/once-for';
import type { Digest } from '../../foundation/ids';
import { asJson } from '../records/run-evidence';
import { openInputs, sensitiveInputs, type EvidenceDocuments } from '../records/evidence-documents';
import { stepRecords } from '../records/step-records';
import { withheldArtifacts, type WithheldArtifact } from '../records/withheld-by-journal';

// Files of a bundle that are derived from plan and journal. The verifier derives them again and compares the bytes.

/** An artifact in `artifacts.json`, captured from the last execution of its step. */
export type ArtifactRecord = {
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
};

/** Captured artifacts in journal order. Of a step with several executions only the last one counts. */
export function artifactRecords({ facts }: Pick<EvidenceDocuments, 'facts'>): readonly ArtifactRecord[] {
  return ofLastExecutions(facts, facts.artifacts).map(({ step, execution, name, path, digest, size, mediaType }) => {
    return { digest, execution, mediaType, name, path, size, step };
  });
}

/** Artifacts that were not stored because they held a secret. Of a step with several executions only the last one counts. */
export function withheldRecords({ facts }: Pick<EvidenceDocuments, 'facts'>): readonly WithheldArtifact[] {
  return ofLastExecutions(facts, withheldArtifacts({ facts }));
}

/** Artifacts, stored or not, of the last execution of each step that produced any. */
function ofLastExecutions<One extends { readonly step: string; readonly execution: number }>(
  facts: EvidenceDocuments['facts'],
  all: readonly One[],
): readonly One[] {
  const last = new Map<string, number>();
  for (const { step, execution } of [...facts.artifacts, ...withheldArtifacts({ facts })])
    last.set(step, Math.max(last.get(step) ?? 0, execution));
  return all.filter(({ step, execution }) => last.get(step) === execution);
}

/** `artifacts.json`: the statement's first subject. `withheld` is present only if an artifact held a secret and was not stored. */
export function artifactsJson(documents: EvidenceDocuments): string {
  const withheld = withheldRecords(documents);
  return canonical({
    artifacts: artifactRecords(documents),
    schema: 'taskrunner.artifacts.v1',
    ...(withheld.length > 0 && { withheld }),
  });
}

/** `steps.ndjson`: one step per line. */
export const stepsNdjson: (documents: EvidenceDocuments) => string = onceFor(({ index, facts }) =>
  lines(stepRecords(index, facts)),
);

/** `inputs.lock.json`: the inputs by value. Sensitive inputs are only named. */
export function inputsLock({ plan }: EvidenceDocuments): string {
  return canonical({ inputs: openInputs(plan), schema: 'taskrunner.inputs.v1', sensitive: sensitiveInputs(plan) });
}

/** Digest of the inputs that are not sensitive: values, and files by digest. */
export function inputsDigest({ plan }: EvidenceDocuments): Digest {
  return digestOf(openInputs(plan));
}

/** `egress.ndjson`: one closed socket per line. `attempts` is the proxy's own log, null if it is not available. */
export const egressNdjson: (documents: EvidenceDocuments) => string = onceFor(({ facts, evidence }) =>
  lines(
    facts.egress.map(({ step, execution, allowed, denied, log }) => {
      return { allowed, attempts: evidence.egress.get(log) ?? null, denied, execution, log, step };
    }),
  ),
);

/** `policies/<id>.<engine>`: the sources of the policies. */
export function policyFiles({ plan }: EvidenceDocuments): readonly { readonly path: string; readonly text: string }[] {
  return plan.policies.map(({ id, engine, source }) => ({ path: `policies/${id}.${engine}`, text: source }));
}

/** One JSON value per line, each in RFC 8785 form. */
export function lines(values: readonly object[]): string {
  return values.map((value) => `${canonical(asJson(value))}\n`).join('');
}
