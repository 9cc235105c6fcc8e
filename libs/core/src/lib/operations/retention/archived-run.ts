import { sha256 } from '../../canonical/digest';
import { readJournal, type ArchivedChunk, type BundlePart, type StatementParts } from '../../evidence/bundle/archive';
import { JOURNAL } from '../../evidence/bundle/bundle-files';
import { readWithheld } from '../../evidence/records/withheld';
import { CodedError, isCodedError } from '../../foundation/coded-error';
import { isDigest, type Digest, type RunId, type TenantId } from '../../foundation/ids';
import type { SigstoreBundle } from '../../evidence/encoding/sigstore';
import { parseUtf8 } from '../../evidence/encoding/strict-json';
import type { Page } from '../../journal/page';
import type { Archives } from '../../ports/evidence/archives';
import { LogStore, type LogChunk, type NumberedChunk } from '../../ports/runs/log-store';
import type { ObjectStore } from '../../ports/objects/object-store';
import { DocumentAltered } from '../../stored/document-altered';
import { collectBytes } from '../work/byte-pieces';

/** Reads sealed runs after their rows were deleted. */
interface ArchiveDependencies {
  readonly archives: Archives;
  readonly objects: ObjectStore;
}

/** A sealed run. */
interface Sealed {
  readonly tenant: TenantId;
  readonly run: RunId;
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
    const [first] = found;
    if (first && first.firstLine <= afterLine + 1) return found;
    const archived = await this.dependencies.archives.chunks(tenant, run, afterLine);
    if (!archived) return found;
    const chunks = archived.chunks.slice(0, limit);
    const bytes = await Promise.all(
      stretches(chunks).map((stretch) => bytesOf(this.dependencies.objects, { tenant, run }, archived.bundle, stretch)),
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

/** The journal of a sealed run was withheld from its bundle because it held a secret, and its rows were deleted. */
export class JournalWithheld extends CodedError<'JOURNAL_WITHHELD'> {
  static {
    this.brand('JournalWithheld');
  }

  constructor() {
    super(
      'JOURNAL_WITHHELD',
      'the journal of this run was withheld from its evidence because it held a secret, and its rows were deleted',
      'Read the statements and the other files of the evidence bundle.',
    );
  }
}

/**
 * The journal of a sealed run without rows; empty if it is not archived. Throws `JournalWithheld`. It has no MACs, which belong to rows. Readers of the archive
 * compare its head with a signed one.
 */
export async function archivedJournal(
  dependencies: ArchiveDependencies,
  tenant: TenantId,
  run: RunId,
): Promise<readonly Page[]> {
  const archived = await dependencies.archives.journal(tenant, run);
  if (!archived) return [];
  const [bytes] = await bytesOf(dependencies.objects, { tenant, run }, archived.bundle, [archived.part]);
  const journal = bytes as Uint8Array;
  if (readWithheld(JOURNAL, journal) !== null) throw new JournalWithheld();
  return readJournal(journal);
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
  of: Sealed,
  { bundle, statements }: { readonly bundle: Digest; readonly statements: StatementParts },
): Promise<{ readonly [name: string]: SigstoreBundle | null }> {
  const read = async (part: StatementParts[string]): Promise<SigstoreBundle | null> => {
    if (!part || 'dsseEnvelope' in part) return part ?? null;
    const [bytes] = await bytesOf(objects, of, bundle, [part]);
    return JSON.parse(parseUtf8(bytes as Uint8Array)) as SigstoreBundle;
  };
  const found = Object.entries(statements).map(async ([name, part]) => [name, await read(part)] as const);
  return Object.fromEntries(await Promise.all(found));
}

/** Compares the size of a bundle in its row with the object. Throws `DocumentAltered`. An object that is missing is found by its reader. */
export async function compareSize(
  objects: Pick<ObjectStore, 'stat'>,
  { tenant, run: runId }: Sealed,
  { bundle, size }: { readonly bundle: Digest; readonly size: number },
): Promise<void> {
  const stored = await objects.stat(tenant, bundle);
  if (stored === null || stored.size === size) return;
  const finding = { what: 'the size of the bundle', expected: String(stored.size), found: String(size) };
  throw new DocumentAltered({ tenant, runId, document: 'evidence', ...finding });
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

/**
 * Reads consecutive parts. The store does not hash a range of an object, so each part is hashed here. Throws `OBJECT_DIGEST_MISMATCH` if the
 * object was altered, and `DocumentAltered` if it was not: then the rows name other parts than the seal has written.
 */
async function bytesOf(
  objects: ObjectStore,
  of: Sealed,
  bundle: Digest,
  parts: readonly BundlePart[],
): Promise<readonly Uint8Array[]> {
  const [begin, end] = [parts[0], parts.at(-1)];
  if (!begin || !end) return [];
  const strange = parts.find((part) => !isPlace(part));
  if (strange) throw misplaced(of, strange, 'a place that cannot be');
  const size = end.offset + end.size - begin.offset;
  const whole = await range(objects, of.tenant, bundle, begin.offset, size);
  const found = parts.map(({ offset, size: length }) =>
    whole.subarray(offset - begin.offset, offset - begin.offset + length),
  );
  const wrong = parts.findIndex((part, i) => sha256(found[i] as Uint8Array) !== part.sha256);
  if (wrong < 0) return found;
  // Throws if it is not as it was stored.
  for await (const piece of await objects.open(of.tenant, bundle)) void piece;
  throw misplaced(of, parts[wrong] as BundlePart, sha256(found[wrong] as Uint8Array));
}

/** The bytes of a range, fewer where the object ends before. */
async function range(
  objects: ObjectStore,
  tenant: TenantId,
  bundle: Digest,
  first: number,
  size: number,
): Promise<Uint8Array> {
  try {
    return await collectBytes(await objects.open(tenant, bundle, { first, last: first + size - 1 }));
  } catch (error) {
    if (isCodedError(error) && error.code === 'OBJECT_RANGE') return new Uint8Array();
    throw error;
  }
}

function isPlace({ offset, size, sha256: digest }: BundlePart): boolean {
  const numbers = [offset, size, offset + size].every((one) => Number.isSafeInteger(one) && one >= 0);
  return numbers && size > 0 && isDigest(digest);
}

function misplaced({ tenant, run: runId }: Sealed, { sha256: expected }: BundlePart, found: string): DocumentAltered {
  const what = 'a position in the bundle';
  return new DocumentAltered({ tenant, runId, document: 'evidence', what, expected: String(expected), found });
}

function withheldLines(lines: number): Uint8Array {
  const bytes = new Uint8Array(lines * WITHHELD_LINE.length);
  for (let i = 0; i < lines; i++) bytes.set(WITHHELD_LINE, i * WITHHELD_LINE.length);
  return bytes;
}
