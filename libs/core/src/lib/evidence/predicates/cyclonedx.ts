import { sha256 } from '../../canonical/digest';
import type { Digest, StepId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { isBomType, readBom } from '../records/bom';
import { artifactRecords, type ArtifactRecord } from '../statement/derived-files';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { STATEMENT_TYPE, type Statement, type Subject } from '../statement/statement';

/** Predicate type that verifiers know, such as `cosign --type cyclonedx`. */
const CYCLONEDX = 'https://cyclonedx.org/bom';
/** Maximum number of statements in one bundle. */
const MAX_STATEMENTS = 9;
const MAX_SUBJECTS = 1_000;

/** The statement about one bill of materials, and the artifact that holds the bill. */
export interface BomStatement {
  readonly artifact: ArtifactRecord;
  readonly statement: Statement<JsonObject>;
}

/**
 * The statements about the bills of materials that the bundle of a succeeded run carries, in the order of `artifacts.json`: CycloneDX
 * documents in JSON of at most 8 MiB, the first nine. The subjects are the document itself and the files that its step was given. A
 * document that is withheld, not carried or not CycloneDX gets no statement, so that a step's output cannot prevent the seal.
 */
export function bomStatements(documents: EvidenceDocuments): readonly BomStatement[] {
  if (documents.facts.ended?.status !== 'succeeded') return [];
  const found: BomStatement[] = [];
  for (const artifact of artifactRecords(documents)) {
    if (found.length === MAX_STATEMENTS) break;
    const bom = isBomType(artifact.mediaType) ? bomOf(documents, artifact.digest) : null;
    if (bom === null) continue;
    const subject = subjectsOf(documents, artifact);
    found.push({ artifact, statement: { _type: STATEMENT_TYPE, subject, predicateType: CYCLONEDX, predicate: bom } });
  }
  return found;
}

function bomOf({ evidence }: EvidenceDocuments, digest: Digest): JsonObject | null {
  const bytes = evidence.artifacts.get(digest);
  return bytes instanceof Uint8Array && sha256(bytes) === digest ? readBom(bytes) : null;
}

/** The document, followed by the input files of the execution that made it, by path. */
function subjectsOf({ facts }: EvidenceDocuments, artifact: ArtifactRecord): readonly Subject[] {
  const subjects = new Map<string, Digest>([[`${artifact.step}/${artifact.name}`, artifact.digest]]);
  const supplied = (facts.ofStep.get(artifact.step as StepId) ?? [])
    .flatMap((fact) => (fact.type === 'material.mounted' && fact.execution === artifact.execution ? [fact] : []))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, digest } of supplied) if (!subjects.has(path)) subjects.set(path, digest);
  return [...subjects].slice(0, MAX_SUBJECTS).map(([name, digest]) => ({ name, digest: { sha256: digest.slice(7) } }));
}
