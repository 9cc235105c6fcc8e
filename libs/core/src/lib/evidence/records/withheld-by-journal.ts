import { canonical } from '../../canonical/canonical';
import { noteDetails, type RunFacts } from './run-facts';

/** Code of the note for an artifact that was not stored because its bytes held a secret. */
export const ARTIFACT_WITHHELD = 'ARTIFACT_WITHHELD';

/** An artifact that was not stored because its bytes held a secret. Neither its digest nor its size is known. */
export type WithheldArtifact = {
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  /** Path as the step named it. */
  readonly path: string;
};

/** Artifacts that were not stored because they held a secret, in journal order, without duplicates. */
export function withheldArtifacts({ facts }: { readonly facts: Pick<RunFacts, 'notes'> }): readonly WithheldArtifact[] {
  const found = noteDetails(facts, ARTIFACT_WITHHELD).flatMap(({ step, execution, name, path }) =>
    typeof step === 'string' && typeof execution === 'number' && typeof name === 'string' && typeof path === 'string'
      ? [{ step, execution, name, path }]
      : [],
  );
  return [...new Map(found.map((one) => [canonical(one), one])).values()];
}

/** Code of the note for a signed record that was not taken because it held a secret. */
export const RECORD_WITHHELD = 'RECORD_WITHHELD';

/** A decision or resolution that was not taken because it held a secret. The evidence contains neither the record nor its digest. */
export type WithheldRecord = {
  readonly folder: 'decisions' | 'resolutions';
  readonly step: string;
  /** Its position in the inbox of the run. */
  readonly letter: number;
};

/**
 * Names, for a statement, of what the evidence lacks because it held a secret, according to the journal; sorted, without duplicates:
 * `artifacts/<step>#<execution>/<name>`, `decisions/<step>#<letter>`, `resolutions/<step>#<letter>`. No file of a bundle has such a path.
 */
export function withheldByJournal(documents: { readonly facts: Pick<RunFacts, 'notes'> }): readonly string[] {
  const artifacts = withheldArtifacts(documents).map(
    ({ step, execution, name }) => `artifacts/${step}#${execution}/${name}`,
  );
  const records = noteDetails(documents.facts, RECORD_WITHHELD).flatMap(({ folder, step, letter }) =>
    (folder === 'decisions' || folder === 'resolutions') && typeof step === 'string' && typeof letter === 'number'
      ? [`${folder}/${step}#${letter}`]
      : [],
  );
  return [...new Set([...artifacts, ...records])].sort();
}
