import { canonical } from '../canonical/canonical';
import { noteDetails, type RunFacts } from './run-facts';

/** The code of the note that stands in the journal for an artifact that was not stored because its bytes held a secret. */
export const ARTIFACT_WITHHELD = 'ARTIFACT_WITHHELD';

/** An artifact that was not stored because its bytes held a secret: neither digest nor size of it are known. */
export type WithheldArtifact = {
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  /** As the step named it. */
  readonly path: string;
};

/** Artifacts that were not stored because they held a secret, in journal order, each once. */
export function withheldArtifacts({ facts }: { readonly facts: Pick<RunFacts, 'notes'> }): readonly WithheldArtifact[] {
  const found = noteDetails(facts, ARTIFACT_WITHHELD).flatMap(({ step, execution, name, path }) =>
    typeof step === 'string' && typeof execution === 'number' && typeof name === 'string' && typeof path === 'string'
      ? [{ step, execution, name, path }]
      : [],
  );
  return [...new Map(found.map((one) => [canonical(one), one])).values()];
}

/** What a statement calls an artifact that was not stored. No file of the bundle has such a path. */
export function withheldArtifactPath({ step, execution, name }: WithheldArtifact): string {
  return `artifacts/${step}#${execution}/${name}`;
}
