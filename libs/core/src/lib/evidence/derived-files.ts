import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import { onceFor } from '../foundation/once-for';
import type { Digest } from '../foundation/ids';
import { asJson } from './run-evidence';
import { openInputs, sensitiveInputs, type EvidenceDocuments } from './evidence-documents';
import { stepRecords } from './step-records';

// Files of a bundle that follow from plan and journal: the verifier derives them again and compares bytes.

/** An artifact as `artifacts.json` lists it: what the last execution of its step left behind. */
export type ArtifactRecord = {
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
};

/** Captured artifacts in journal order; of a step that was tried again only the last execution's. */
export function artifactRecords({ facts }: EvidenceDocuments): readonly ArtifactRecord[] {
  const last = new Map<string, number>();
  for (const { step, execution } of facts.artifacts) last.set(step, Math.max(last.get(step) ?? 0, execution));
  return facts.artifacts
    .filter(({ step, execution }) => last.get(step) === execution)
    .map(({ step, execution, name, path, digest, size, mediaType }) => {
      return { step, execution, name, path, digest, size, mediaType };
    });
}

/** `artifacts.json`: the statement's first subject. */
export function artifactsJson(documents: EvidenceDocuments): string {
  return canonical({ schema: 'taskrunner.artifacts.v1', artifacts: artifactRecords(documents) });
}

/** `steps.ndjson`: one step a line. */
export const stepsNdjson: (documents: EvidenceDocuments) => string = onceFor(({ index, facts }) =>
  lines(stepRecords(index, facts)),
);

/** `inputs.lock.json`: the inputs by value but for the sensitive ones, which are only named. */
export function inputsLock({ plan }: EvidenceDocuments): string {
  return canonical({ schema: 'taskrunner.inputs.v1', inputs: openInputs(plan), sensitive: sensitiveInputs(plan) });
}

/** Digest of the inputs that are not sensitive: values, and files by digest. */
export function inputsDigest({ plan }: EvidenceDocuments): Digest {
  return digestOf(openInputs(plan));
}

/** `egress.ndjson`: one closed socket a line; `attempts` is the proxy's own log, null where it is not at hand. */
export const egressNdjson: (documents: EvidenceDocuments) => string = onceFor(({ facts, evidence }) =>
  lines(
    facts.egress.map(({ step, execution, allowed, denied, log }) => {
      return { step, execution, allowed, denied, log, attempts: evidence.egress.get(log) ?? null };
    }),
  ),
);

/** `policies/<id>.<engine>`: the policies' texts. */
export function policyFiles({ plan }: EvidenceDocuments): readonly { readonly path: string; readonly text: string }[] {
  return plan.policies.map(({ id, engine, source }) => ({ path: `policies/${id}.${engine}`, text: source }));
}

/** One JSON value a line, each in RFC 8785 form. */
export function lines(values: readonly object[]): string {
  return values.map((value) => `${canonical(asJson(value))}\n`).join('');
}
