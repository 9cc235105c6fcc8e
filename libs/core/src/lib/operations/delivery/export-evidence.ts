import { decodeEnvelope } from '../../evidence/encoding/envelope';
import type { SigstoreBundle } from '../../evidence/encoding/sigstore';
import type { PackRunStatement } from '../../evidence/statement/statement';
import { artifactPath } from '../../evidence/records/withheld';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { KnownDestination } from '../../ports/evidence/export-destination';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { RunReader } from '../../ports/runs/run-reader';
import { archivedStatements, compareSize } from '../retention/archived-run';

/** Reasons why an export fails. */
type ExportCode =
  /** The tenant has no such destination. */
  | 'EXPORT_DESTINATION_UNKNOWN'
  /** The tenant has no such run. */
  | 'RUN_NOT_FOUND'
  | 'EVIDENCE_NOT_SEALED'
  /** The destination does not respond. The export can be retried. */
  | 'EXPORT_UNAVAILABLE'
  /** The destination rejects the bundle. */
  | 'EXPORT_REFUSED';

const REMEDIES: Record<ExportCode, string> = {
  EXPORT_DESTINATION_UNKNOWN:
    'Use a destination of `artifacts.destinations`, or ask the operator to configure it for this tenant.',
  RUN_NOT_FOUND: 'Check the run id.',
  EVIDENCE_NOT_SEALED: 'Try again after the run has ended and its evidence is sealed.',
  EXPORT_UNAVAILABLE: 'Check that the destination exists, responds and has free space.',
  EXPORT_REFUSED: 'Check the bucket, the credentials and the permissions of the destination: read, write and list.',
};

/** An error of an export. */
export class ExportError extends CodedError<ExportCode> {
  static {
    this.brand('ExportError');
  }

  override readonly name: string = 'ExportError';
}

/** An export error with its remedy. */
export function exportRefusal(code: ExportCode, message: string, cause?: unknown): ExportError {
  return new ExportError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}

/** Dependencies of exports. */
export interface ExportDependencies {
  readonly runReader: Pick<RunReader, 'summary' | 'evidence' | 'artifacts'>;
  readonly objects: ObjectStore;
  readonly destinations: ReadonlyMap<string, KnownDestination>;
}

/** A sealed run and the destination of its evidence. */
export interface Export {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly destination: string;
  readonly artifacts: boolean;
}

/** The files at the destination after an export. */
interface Exported {
  readonly digest: Digest;
  readonly size: number;
  /** False if the file already existed with the same bytes. */
  readonly written: boolean;
}

/** File name of a run's bundle at a destination, below the tenant's folder. */
export function exportedFile(run: RunId): string {
  return `${run}.evidence.tar`;
}

/** The destination, if it is configured for this tenant. Throws `EXPORT_DESTINATION_UNKNOWN`. */
export function destinationOf(
  { destinations }: Pick<ExportDependencies, 'destinations'>,
  id: string,
  tenant: TenantId,
): KnownDestination {
  const known = destinations.get(id);
  if (known && (known.tenants.includes('*') || known.tenants.includes(tenant))) return known;
  throw exportRefusal(
    'EXPORT_DESTINATION_UNKNOWN',
    `no destination ${JSON.stringify(id)} is configured for this tenant`,
  );
}

/**
 * Copies a sealed run's bundle to a destination. With `artifacts`, each artifact is copied before it, by digest, so that the bundle comes
 * last. Files that the bundle withholds because they hold a secret are not sent. Existing files are not written again: an export is
 * idempotent. A run of another tenant is reported as not found.
 */
export async function exportEvidence(
  dependencies: ExportDependencies,
  wanted: Export,
  signal: AbortSignal,
): Promise<Exported> {
  const { tenant, runId } = wanted;
  const { destination } = destinationOf(dependencies, wanted.destination, tenant);
  const sealed = await dependencies.runReader.evidence(tenant, runId);
  if (!sealed) {
    const run = await dependencies.runReader.summary(tenant, runId);
    if (!run) throw exportRefusal('RUN_NOT_FOUND', 'the run does not exist');
    throw exportRefusal('EVIDENCE_NOT_SEALED', `the run is ${run.status}, its evidence ${run.evidence.status}`);
  }
  const send = (name: string, digest: Digest, size: number): Promise<boolean> => {
    signal.throwIfAborted();
    const content = async () => unlessAborted(await dependencies.objects.open(tenant, digest), signal);
    return destination.deliver({ tenant, name, digest, size }, content);
  };
  if (wanted.artifacts) {
    const { 'pack-run': statement } = await archivedStatements(dependencies.objects, { tenant, run: runId }, sealed);
    if (!statement) throw new TypeError('a sealed run without its statement');
    const withheld = withheldIn(statement);
    const artifacts = new Map(
      (await dependencies.runReader.artifacts(tenant, runId)).map(({ digest, size }) => [digest, size]),
    );
    for (const [digest, size] of artifacts)
      if (!withheld.has(artifactPath(digest))) await send(`${runId}.artifacts/${digest.slice(7)}`, digest, size);
  }
  const { bundle: digest, size } = sealed;
  await compareSize(dependencies.objects, { tenant, run: runId }, sealed);
  return { digest, size, written: await send(exportedFile(runId), digest, size) };
}

async function* unlessAborted(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    yield piece;
  }
}

/** Bundle paths that the signed statement lists as withheld. */
function withheldIn(sealed: SigstoreBundle): ReadonlySet<string> {
  const { payload } = decodeEnvelope(sealed.dsseEnvelope);
  const { predicate } = JSON.parse(new TextDecoder().decode(payload)) as PackRunStatement;
  return new Set(predicate.exceptions.filter(({ kind }) => kind === 'withheld').map(({ detail }) => detail));
}
