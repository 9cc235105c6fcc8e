import { filesOf, statementPayload } from '../../evidence/bundle/bundle-files';
import { bomStatements } from '../../evidence/predicates/cyclonedx';
import type { EvidenceDocuments } from '../../evidence/records/evidence-documents';
import { noteDetails } from '../../evidence/records/run-facts';
import { buildProvenance } from '../../evidence/predicates/provenance';
import { buildStatement } from '../../evidence/statement/statement';
import { artifactPath, isScanned, secretNotice } from '../../evidence/records/withheld';
import type { Withheld } from '../../evidence/records/run-evidence';
import { isDigest, type Digest } from '../../foundation/ids';
import type { Claims } from '../../ports/runs/claims';
import type { Redactor } from '../../secret/redactor';
import { SecretError } from '../../secret/secret-error';
import { openSensitiveInputs } from '../claimed-run/open-sensitive-inputs';
import { RunSecrets, type SecretDependencies } from '../claimed-run/run-secrets';

/** Dependencies of the final scan. */
interface ScanDependencies {
  readonly claims: Pick<Claims, 'sensitiveInputs'>;
  readonly secrets: SecretDependencies;
}

/**
 * A redactor for everything that an ended run used: the secrets that it read according to its journal, in their current values, and its
 * sensitive inputs. Throws `SecretError` if one cannot be read. Nothing is sealed without the scan.
 */
export async function redactorOf(dependencies: ScanDependencies, documents: EvidenceDocuments): Promise<Redactor> {
  const { admission, environment, facts, plan, planHash, profile } = documents;
  const { record } = admission;
  const read = new Set(noteDetails(facts, 'SECRET_VERSION').map(({ name }) => name));
  const secrets = profile.secrets.filter(({ name }) => read.has(name));
  const run = { tenant: record.tenant, runId: record.runId, planHash, pack: record.pack } as unknown as ScannedRun;
  const sensitive = await openSensitiveInputs(dependencies.claims, dependencies.secrets.sensitive, run, plan);
  if (sensitive === null)
    throw new SecretError('SENSITIVE_INPUT_UNREADABLE', 'a sensitive input is missing, or does not open');
  const of = { run, profile: { ...profile, secrets }, mode: environment.mode, signers: record.pack.signers, sensitive };
  const own = new RunSecrets(dependencies.secrets, () => '', of);
  await own.readAll();
  return own.redactor;
}

type ScannedRun = Parameters<typeof openSensitiveInputs>[2] & ConstructorParameters<typeof RunSecrets>[2]['run'];

/** Files of the bundle that hold a secret and cannot be withheld. They must not be sealed. */
export function leaksIn(redactor: Redactor, documents: EvidenceDocuments): readonly string[] {
  if (redactor.isIdle) return [];
  const boms = bomStatements(documents);
  const provenance = buildProvenance(documents, boms);
  const statements = [
    buildStatement(documents),
    ...(provenance ? [provenance] : []),
    ...boms.map(({ statement }) => statement),
  ];
  const { held, spelled } = filesOf(documents);
  const files = [
    ...held.filter(({ path }) => !isScanned(path)),
    ...statements.map((statement) => ({ path: 'attestations/', bytes: statementPayload(statement) })),
  ];
  return [
    ...files.filter(({ bytes }) => redactor.holds(bytes)),
    ...spelled.filter((file) => holdsIn(redactor, file.pieces())),
  ].map(({ path }) => path);
}

function holdsIn(redactor: Redactor, pieces: Iterable<Uint8Array>): boolean {
  const scan = redactor.scan();
  for (const piece of pieces) {
    scan.push(piece);
    if (scan.found) return true;
  }
  return false;
}

/**
 * Artifacts that earlier workers did not store because they held a secret, but whose digest they journaled. Each is replaced by a notice.
 * Current workers journal no digest of such an artifact (`ARTIFACT_WITHHELD`).
 */
export function withheldAtCapture(facts: EvidenceDocuments['facts']): ReadonlyMap<Digest, Withheld> {
  const digests = noteDetails(facts, 'SECRET_IN_ARTIFACT').flatMap(({ digest }) => (isDigest(digest) ? [digest] : []));
  return new Map(digests.map((digest) => [digest, secretNotice(artifactPath(digest))]));
}
