import { sha256 } from '../../canonical/digest';
import { readJournal, type ArchivedChunk, type BundlePart, type StatementParts } from '../../evidence/bundle/archive';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { SigstoreBundle } from '../../evidence/encoding/sigstore';
import { parseUtf8 } from '../../evidence/encoding/strict-json';
import type { Page } from '../../journal/page';
import type { Archives } from '../../ports/evidence/archives';
import { LogStore, type LogChunk, type NumberedChunk } from '../../ports/runs/log-store';
import type { ObjectStore, ObjectStoreErrorCode } from '../../ports/objects/object-store';

/** Reads sealed runs after their rows were deleted. */
interface ArchiveDependencies {
  readonly archives: Archives;
  readonly objects: ObjectStore;
}

/** Replaces each line of a stream that the bundle withholds because a secret was found in it. */
const WITHHELD_LINE = new TextEncoder().encode('w[withheld: secret]\n');

/**
 * The log of a run: its rows while they exist, afterwards its archive. Both have the same chunks, so a reader can continue after the rows
 * were deleted.
 */
export class ArchivedLogStore extends LogStore {
  constructor(
    private readonly rows: LogStore,
    private readonly dependencies: ArchiveDependencies,
  ) {
    super();
  }

  append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    return this.rows.append(chunks);
  }

  async read(tenant: TenantId, run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]> {
    const found = await this.rows.read(tenant, run, afterLine, limit);
    if (found.length > 0) return found;
    const archived = await this.dependencies.archives.chunks(tenant, run, afterLine);
    if (!archived) return [];
    const chunks = archived.chunks.slice(0, limit);
    const bytes = await Promise.all(
      stretches(chunks).map((stretch) => bytesOf(this.dependencies.objects, tenant, archived.bundle, stretch)),
    );
    const parts = bytes.flat();
    return chunks.map(({ part, attempt = null, ...chunk }) => ({
      ...chunk,
      attempt,
      ...(part === null
        ? { data: withheldLines(chunk.lines), isWithheld: true as const }
        : { data: parts.shift() as Uint8Array }),
    }));
  }
}

/**
 * The journal of a sealed run without rows; empty if it is not archived. It has no MACs, which belong to rows. Readers of the archive
 * compare its head with a signed one.
 */
export async function archivedJournal(
  dependencies: ArchiveDependencies,
  tenant: TenantId,
  run: RunId,
): Promise<readonly Page[]> {
  const archived = await dependencies.archives.journal(tenant, run);
  if (!archived) return [];
  const [bytes] = await bytesOf(dependencies.objects, tenant, archived.bundle, [archived.part]);
  return readJournal(bytes as Uint8Array);
}

/** Journals of sealed runs without rows. */
export class ArchivedJournals {
  constructor(private readonly dependencies: ArchiveDependencies) {}

  /** Like `archivedJournal`. */
  of(tenant: TenantId, run: RunId): Promise<readonly Page[]> {
    return archivedJournal(this.dependencies, tenant, run);
  }
}

/** The signed statements of a sealed run, Sigstore bundles by name, out of its evidence bundle. */
export async function archivedStatements(
  objects: ObjectStore,
  tenant: TenantId,
  { bundle, statements }: { readonly bundle: Digest; readonly statements: StatementParts },
): Promise<{ readonly [name: string]: SigstoreBundle | null }> {
  const read = async (part: StatementParts[string]): Promise<SigstoreBundle | null> => {
    if (!part || 'dsseEnvelope' in part) return part ?? null;
    const [bytes] = await bytesOf(objects, tenant, bundle, [part]);
    return JSON.parse(parseUtf8(bytes as Uint8Array)) as SigstoreBundle;
  };
  const found = Object.entries(statements).map(async ([name, part]) => [name, await read(part)] as const);
  return Object.fromEntries(await Promise.all(found));
}

/** Adjacent parts are read together. */
function stretches(chunks: readonly ArchivedChunk[]): readonly (readonly BundlePart[])[] {
  const found: BundlePart[][] = [];
  for (const { part } of chunks) {
    if (part === null) continue;
    const last = found.at(-1);
    const end = last?.at(-1);
    if (last && end && end.offset + end.size === part.offset) last.push(part);
    else found.push([part]);
  }
  return found;
}

/** Reads consecutive parts. The store does not hash a range of an object, so each part is hashed here. */
async function bytesOf(
  objects: ObjectStore,
  tenant: TenantId,
  bundle: Digest,
  parts: readonly BundlePart[],
): Promise<readonly Uint8Array[]> {
  const [begin, end] = [parts[0], parts.at(-1)];
  if (!begin || !end) return [];
  const whole = new Uint8Array(end.offset + end.size - begin.offset);
  let at = 0;
  const range = { first: begin.offset, last: begin.offset + whole.length - 1 };
  for await (const piece of await objects.open(tenant, bundle, range)) {
    whole.set(piece, at);
    at += piece.length;
  }
  return parts.map((part) => {
    const bytes = whole.subarray(part.offset - begin.offset, part.offset - begin.offset + part.size);
    if (sha256(bytes) === part.sha256) return bytes;
    throw new CodedError<ObjectStoreErrorCode>(
      'OBJECT_DIGEST_MISMATCH',
      `bytes ${part.offset} to ${part.offset + part.size - 1} of ${bundle} differ from the archived bytes`,
      'Restore the object from a copy of the evidence. The bundle in the store was altered.',
    );
  });
}

function withheldLines(lines: number): Uint8Array {
  const bytes = new Uint8Array(lines * WITHHELD_LINE.length);
  for (let i = 0; i < lines; i++) bytes.set(WITHHELD_LINE, i * WITHHELD_LINE.length);
  return bytes;
}
