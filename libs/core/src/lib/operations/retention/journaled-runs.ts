import { canonical } from '../../canonical/canonical';
import { decodeEnvelope } from '../../evidence/encoding/envelope';
import { EvidenceError } from '../../evidence/encoding/evidence-error';
import type { PackRunStatement } from '../../evidence/statement/statement';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { JournaledRun, type StoredPage } from '../../journal/journaled-run';
import type { Page } from '../../journal/page';
import type { Archives } from '../../ports/evidence/archives';
import { isStoreOutage, type ObjectStore } from '../../ports/objects/object-store';
import type { RunReader } from '../../ports/runs/run-reader';
import { DocumentAltered, type StoredDocument } from '../../stored/document-altered';
import { archivedJournal, archivedStatements, compareSize } from './archived-run';

/** Pages of a journal per read. */
const PAGES = 64;

/** Dependencies of reading journals for comparisons. */
interface JournalDependencies {
  readonly reader: Pick<RunReader, 'journal' | 'evidence'>;
  readonly archives: Archives;
  readonly objects: ObjectStore;
  /** Approximate memory of the folds that are kept, bytes. The last one is kept whatever its size. */
  readonly maxBytes: number;
}

/** Reads of one run are chained: each continues where the one before has ended. */
interface Held {
  readonly journal: JournaledRun;
  /** The signed statement names this journal, so nothing is read any more. */
  isSealed: boolean;
  last: Promise<void>;
}

/**
 * What the journals of runs say, for comparing what rows repeat of them. A run is read once, afterwards only what was added. Of a sealed
 * run, the journal is compared with the statement in its bundle: rows that were altered together do not pass. While the object store is
 * away, its rows have only the chain. All methods reject with `DocumentAltered`.
 */
export class JournaledRuns {
  /** The most recently used one last. */
  private readonly held = new Map<string, Held>();

  constructor(private readonly dependencies: JournalDependencies) {}

  /** Approximate memory of what is kept, bytes. */
  get size(): number {
    return [...this.held.values()].reduce((sum, { journal }) => sum + journal.size, 0);
  }

  /** The journal up to now. With `line`, it need not be read again if it numbers this line. */
  async of(tenant: TenantId, run: RunId, line = Infinity): Promise<JournaledRun> {
    const key = `${tenant} ${run}`;
    const held = this.held.get(key) ?? { journal: new JournaledRun(), isSealed: false, last: Promise.resolve() };
    this.held.delete(key);
    this.held.set(key, held);
    const reading = held.last.then(() => this.read(tenant, run, held, line));
    held.last = reading.catch(() => {});
    try {
      await reading;
    } catch (error) {
      // Rows may be restored.
      if (this.held.get(key) === held) this.held.delete(key);
      throw error;
    }
    this.evict();
    return held.journal;
  }

  /** The signed statement of a sealed run; null: it is not sealed, or the object store is away. */
  async statement(tenant: TenantId, run: RunId): Promise<PackRunStatement['predicate'] | null> {
    const { reader, objects } = this.dependencies;
    const sealed = await reader.evidence(tenant, run);
    if (!sealed) return null;
    const { bundle, statements } = sealed;
    const part = { 'pack-run': statements['pack-run'] ?? null };
    try {
      const { 'pack-run': statement } = await archivedStatements(
        objects,
        { tenant, run },
        { bundle, statements: part },
      );
      if (!statement) throw alteredIn(tenant, run)('evidence', 'the place of the statement', 'a statement', 'none');
      const { payload } = decodeEnvelope(statement.dsseEnvelope);
      const { predicate } = JSON.parse(new TextDecoder().decode(payload)) as PackRunStatement;
      if (predicate.run.id !== run || predicate.run.tenant !== tenant)
        throw alteredIn(tenant, run)('evidence', 'the statement', run, predicate.run.id);
      return predicate;
    } catch (error) {
      if (isStoreOutage(error)) return null;
      if (EvidenceError.is(error) || error instanceof SyntaxError)
        throw alteredIn(tenant, run)('evidence', 'the statement', 'a signed statement', 'something else');
      throw error;
    }
  }

  /** Compares the place of the evidence of a sealed run: its statement names the run, and its bundle is as large as the row says. */
  async compareBundle(tenant: TenantId, run: RunId): Promise<void> {
    const { reader, objects } = this.dependencies;
    await this.statement(tenant, run);
    const sealed = await reader.evidence(tenant, run);
    if (sealed) await compareSize(objects, { tenant, run }, sealed);
  }

  private async read(tenant: TenantId, run: RunId, held: Held, line: number): Promise<void> {
    const { journal } = held;
    if (held.isSealed || line <= journal.lastLine) return;
    const { reader } = this.dependencies;
    for (;;) {
      // After the first entry of the last page: a row within it is read, too, and breaks the chain.
      const pages = await reader.journal(tenant, run, journal.lastFirst, PAGES);
      this.take(tenant, run, journal, pages);
      if (pages.length < PAGES) break;
    }
    if (journal.lastSeq === 0)
      this.take(tenant, run, journal, (await archivedJournal(this.dependencies, tenant, run)).map(storedPage));
    if (journal.ended === null) return;
    const statement = await this.statement(tenant, run);
    if (statement === null) return;
    const { head } = statement.journal;
    if (journal.head !== head)
      throw alteredIn(tenant, run)('journal', 'the journal', head, journal.head ?? 'no journal');
    held.isSealed = true;
  }

  private take(tenant: TenantId, run: RunId, journal: JournaledRun, pages: readonly StoredPage[]): void {
    for (const page of pages) {
      const broken = journal.take(page);
      if (broken)
        throw alteredIn(tenant, run)('journal', `entry ${broken.first} of the journal`, 'a chain', broken.reason);
    }
  }

  private evict(): void {
    let size = this.size;
    for (const [key, { journal }] of this.held) {
      if (size <= this.dependencies.maxBytes || this.held.size === 1) return;
      this.held.delete(key);
      size -= journal.size;
    }
  }
}

/** Findings about one run. */
export function alteredIn(tenant: TenantId, runId: RunId) {
  return (document: StoredDocument, what: string, expected: string, found: string): DocumentAltered =>
    new DocumentAltered({ tenant, runId, document, what, expected, found });
}

function storedPage({ first, prev, hash, entries }: Page): StoredPage {
  return { first, prev, hash, text: canonical(entries as unknown as Json) };
}
