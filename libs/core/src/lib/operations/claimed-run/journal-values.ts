import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Page } from '../../journal/page';
import type { Claims } from '../../ports/runs/claims';
import type { ObjectStore, ObjectStoreErrorCode } from '../../ports/objects/object-store';
import { readObject } from '../objects/read-object';

/** Number of journal pages that are read at once. */
export const PAGES_AT_ONCE = 256;

/** The index beside a snapshot that a `state` entry names: positions of the values of the pages since the previous snapshot. */
interface ValueIndex {
  readonly before: Digest | null;
  /** First entry of the page that contains a value. */
  readonly pages: readonly (readonly [Digest, number])[];
}

/**
 * Finds values of pages that a claim has not read because it resumed from a snapshot. The index need not be trusted: every value that is
 * found is hashed.
 */
export class JournalValues {
  private readonly since = new Map<Digest, number>();
  private older: Promise<ReadonlyMap<Digest, number>> | null = null;
  private last: Digest | null;

  constructor(
    private readonly claims: Pick<Claims, 'pages'>,
    private readonly objects: Pick<ObjectStore, 'open'>,
    private readonly run: { readonly tenant: TenantId; readonly runId: RunId },
    /** The index of the snapshot from which the claim resumed; null if it has read every page. */
    private readonly from: Digest | null = null,
  ) {
    this.last = from;
  }

  /** Adds a page that this owner has read or written. */
  note({ first, values }: Pick<Page, 'first' | 'values'>): void {
    for (const digest of Object.keys(values) as Digest[]) this.since.set(digest, first);
  }

  /** The text of the next index; null if it would find nothing that the previous one does not find. */
  index(): string | null {
    if (this.since.size === 0) return null;
    const index: ValueIndex = { before: this.last, pages: [...this.since] };
    return JSON.stringify(index);
  }

  /** Records that the journal contains a snapshot with this index. */
  settle(index: Digest | null): void {
    this.last = index ?? this.last;
    this.since.clear();
  }

  /** The index on which the next snapshot is based. */
  get before(): Digest | null {
    return this.last;
  }

  /**
   * The values of these digests in older pages, together with the other values of those pages, because they are usually needed next. Throws
   * `OBJECT_DIGEST_MISMATCH`.
   */
  async find(digests: readonly Digest[]): Promise<Page['values']> {
    if (this.from === null || digests.length === 0) return {};
    this.older ??= this.readIndexes(this.from);
    const older = await this.older.catch((error: unknown) => {
      // A failed read is not cached: the next call tries again.
      this.older = null;
      throw error;
    });
    const held = digests.filter((digest) => older.has(digest));
    let wanted = [...new Set(held.map((digest) => older.get(digest) ?? 0))].sort((a, b) => a - b);
    const found: Record<Digest, Json> = {};
    for (let [first] = wanted; first !== undefined; [first] = wanted) {
      const pages = await this.claims.pages(
        this.run.tenant,
        this.run.runId,
        first - 1,
        Math.min(wanted.length, PAGES_AT_ONCE),
      );
      for (const { values } of pages) takeHashed(found, values);
      const last = pages.at(-1)?.first ?? Infinity;
      wanted = wanted.filter((one) => one > last);
    }
    for (const digest of held) if (!(digest in found)) throw altered(digest);
    return found;
  }

  private async readIndexes(from: Digest): Promise<ReadonlyMap<Digest, number>> {
    const found = new Map<Digest, number>();
    for (let next: Digest | null = from; next !== null;) {
      const index: ValueIndex = JSON.parse(await readObject(this.objects, this.run.tenant, next)) as ValueIndex;
      for (const [digest, first] of index.pages) if (!found.has(digest)) found.set(digest, first);
      next = index.before;
    }
    return found;
  }
}

function takeHashed(found: Record<Digest, Json>, values: Page['values']): void {
  for (const [digest, value] of Object.entries(values) as [Digest, Json][]) {
    if (sha256(canonical(value)) !== digest) throw altered(digest);
    found[digest] = value;
  }
}

function altered(digest: Digest): CodedError<ObjectStoreErrorCode> {
  return new CodedError(
    'OBJECT_DIGEST_MISMATCH',
    `the journal does not contain ${digest} at the position where it was written`,
    'The journal was altered. Compare it with a copy of the database.',
  );
}
