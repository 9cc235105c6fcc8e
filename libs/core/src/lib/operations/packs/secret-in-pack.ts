import { decodeEnvelope } from '../../evidence/encoding/envelope';
import { isCodedError } from '../../foundation/coded-error';
import type { ClaimedRun } from '../../ports/runs/claims';
import { isStoreOutage, type ObjectStore } from '../../ports/objects/object-store';
import type { Redactor } from '../../secret/redactor';
import { SecretError } from '../../secret/secret-error';

/** Number of pack files that are read concurrently. */
const READS_AT_ONCE = 8;

/**
 * Throws `SECRET_IN_PACK` if a secret occurs in a document of a run that its evidence contains unchanged. Otherwise the evidence could not
 * be sealed, and every reader of the pack would have the secret. The message names the documents, never the value. A file that is missing
 * or altered is skipped: the step that needs it fails with the reason. Errors of an unavailable object store are rethrown, because an
 * unread file may hold a secret.
 */
export async function refuseSecretInPack(
  { objects }: { readonly objects: Pick<ObjectStore, 'open'> },
  run: Pick<ClaimedRun, 'tenant' | 'plan' | 'profile' | 'environment' | 'manifest' | 'admission' | 'files'>,
  redactor: Redactor,
): Promise<void> {
  if (redactor.isIdle) return;
  const encoder = new TextEncoder();
  const holds = (text: string): boolean => redactor.holds(encoder.encode(text));
  const documents = [
    ['the plan', holds(run.plan)],
    ['the profile', holds(run.profile)],
    ['the environment', holds(run.environment)],
    ['the normalised manifest', holds(run.manifest)],
    ['the admission', redactor.holds(decodeEnvelope(run.admission).payload)],
  ] as const;
  const found = documents.flatMap(([name, isThere]) => (isThere ? [name as string] : []));
  const waiting = [...run.files].values();
  const inFiles: string[] = [];
  const look = async (): Promise<void> => {
    for (const file of waiting)
      if (holds(file.path) || (await isInFile(objects, run, file.digest, redactor))) inFiles.push(file.path);
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, look));
  found.push(...inFiles.sort().map((path) => `the pack file ${redactor.text(path)}`));
  if (found.length > 0) throw new SecretError('SECRET_IN_PACK', `a secret of the run was found in ${found.join(', ')}`);
}

async function isInFile(
  objects: Pick<ObjectStore, 'open'>,
  { tenant }: Pick<ClaimedRun, 'tenant'>,
  digest: ClaimedRun['files'][number]['digest'],
  redactor: Redactor,
): Promise<boolean> {
  const scan = redactor.scan();
  try {
    for await (const piece of await objects.open(tenant, digest)) scan.push(piece);
  } catch (error) {
    if (!isCodedError(error) || isStoreOutage(error)) throw error;
  }
  return scan.found;
}
