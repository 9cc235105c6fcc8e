import { canonical } from '../../canonical/canonical';
import { decodeEnvelope } from '../../evidence/encoding/envelope';
import { readAdmission } from '../../evidence/records/read-documents';
import type { Digest, RunId, StepId, TenantId } from '../../foundation/ids';
import { isJsonObject, type Json } from '../../foundation/json';
import type { StoredPage } from '../../journal/journaled-run';
import type { Page } from '../../journal/page';
import { isItem, ROOT } from '../../plan/place';
import type { Archives } from '../../ports/evidence/archives';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { StepRow } from '../../ports/runs/committer';
import type { RunReader } from '../../ports/runs/run-reader';
import type { TimedStep, TimingReader } from '../../ports/runs/timing-reader';
import { DocumentAltered } from '../../stored/document-altered';
import type { RunDocuments } from '../../stored/run-documents';
import { byPlace } from './reached-steps';
import { archivedJournal } from '../retention/archived-run';
import { isMarked } from '../retention/compared-runs';
import { journaledSteps, stepsWithoutPlan } from './journaled-steps';
import { alteredIn, type JournaledRuns } from '../retention/journaled-runs';

/** Pages of a journal per read. */
const PAGES = 256;

/** Where steps of runs are read. */
interface StepSources {
  readonly reader: RunReader;
  readonly timed: TimingReader;
  readonly archives: Archives;
  readonly objects: ObjectStore;
  readonly journals: Pick<JournaledRuns, 'of'>;
  /** Approximate memory of the steps of small runs that are kept, bytes. Those that were read last are kept whatever their size. */
  readonly maxBytes: number;
}

/** Steps of a small run up to a page of its journal. */
interface KeptSteps {
  readonly head: Digest;
  readonly rows: readonly StepRow[];
  readonly bytes: number;
}

/** Approximate memory of a row without its outputs, bytes. */
const ROW_BYTES = 1_000;

type StepSource = Awaited<ReturnType<RunReader['stepSource']>>;

/**
 * The steps of runs for readers: from their rows, or from the journal of a small run, which has none (ADR 108). Both are the same steps in
 * the same order, so a list can continue after the run has got rows. A run that does not exist has no steps. All methods reject with
 * `DocumentAltered` if such a journal is not one of the run; a run that is known to be altered is shown as far as its journal holds.
 */
export class RunSteps {
  /** By run; the most recently used one last. */
  private readonly kept = new Map<string, KeptSteps>();

  constructor(private readonly sources: StepSources) {}

  /** Steps below a parent in plan order, or all of them by parent; after one. */
  async list(
    tenant: TenantId,
    run: RunId,
    filter: { readonly parent?: string; readonly status?: string },
    limit: number,
    after: string | null,
  ): Promise<readonly StepRow[]> {
    const { reader } = this.sources;
    const source = await reader.stepSource(tenant, run);
    if (source.hasRows) return reader.stepRows(tenant, run, filter, limit, after);
    const all = await this.journaled(tenant, run, source);
    const last = after === null ? undefined : all.find(({ step }) => step === after);
    if (after !== null && !last) return [];
    return all
      .filter((row) => filter.parent === undefined || row.parent === filter.parent)
      .filter((row) => filter.status === undefined || row.status === filter.status)
      .filter((row) => last === undefined || byPlace(row, last) > 0)
      .slice(0, limit);
  }

  /** How many child steps of a step, empty for the run itself, have each status. Statuses of none are absent. */
  async count(tenant: TenantId, run: RunId, parent: string): Promise<ReadonlyMap<string, number>> {
    const { reader } = this.sources;
    const source = await reader.stepSource(tenant, run);
    if (source.hasRows) return reader.countStepRows(tenant, run, parent);
    const counts = new Map<string, number>();
    for (const row of await this.journaled(tenant, run, source))
      if (row.parent === parent) counts.set(row.status, (counts.get(row.status) ?? 0) + 1);
    return counts;
  }

  /** Gates that the run has reached, ordered by instance id; after one. */
  async gates(tenant: TenantId, run: RunId, limit: number, after: string | null): Promise<readonly StepRow[]> {
    const { reader } = this.sources;
    const source = await reader.stepSource(tenant, run);
    if (source.hasRows) return reader.gateStepRows(tenant, run, limit, after);
    return (await this.journaled(tenant, run, source))
      .filter(({ kind, step }) => kind === 'gate' && (after === null || step > after))
      .sort((left, right) => (left.step < right.step ? -1 : 1))
      .slice(0, limit);
  }

  /** One step; null: the run has not reached it. */
  async find(tenant: TenantId, run: RunId, step: string): Promise<StepRow | null> {
    const { reader } = this.sources;
    const source = await reader.stepSource(tenant, run);
    if (source.hasRows) return reader.stepRow(tenant, run, step);
    return (await this.journaled(tenant, run, source)).find((row) => row.step === step) ?? null;
  }

  /** As `list`, for a timeline. */
  async times(
    tenant: TenantId,
    run: RunId,
    limit: number,
    after: Pick<TimedStep, 'parent' | 'place' | 'step'> | null,
  ): Promise<readonly TimedStep[]> {
    const { reader, timed } = this.sources;
    const source = await reader.stepSource(tenant, run);
    if (source.hasRows) return timed.stepRows(tenant, run, limit, after);
    return (await this.journaled(tenant, run, source))
      .filter((row) => after === null || byPlace(row, after) > 0)
      .slice(0, limit)
      .map(({ step, parent, place, kind, status, startedAt, finishedAt }) => {
        return { step: step as StepId, parent: (parent ?? ROOT) as StepId, place, kind, status, startedAt, finishedAt };
      });
  }

  private async journaled(tenant: TenantId, run: RunId, source: StepSource): Promise<readonly StepRow[]> {
    const head = await this.head(tenant, run, source);
    const key = `${tenant} ${run}`;
    const kept = this.kept.get(key);
    if (kept && kept.head === head) {
      this.kept.delete(key);
      this.kept.set(key, kept);
      return kept.rows;
    }
    const rows = await this.replayed(tenant, run, source, head);
    if (head !== null) this.keep(key, { head, rows, bytes: rows.reduce((sum, row) => sum + bytesOf(row), 0) });
    return rows;
  }

  /**
   * Hash of the last page of the journal, which was compared with the signed statement of a sealed run. Null: there is no page, or the run is
   * known to be altered.
   */
  private async head(tenant: TenantId, run: RunId, { isSealed, lastSeq }: StepSource): Promise<Digest | null> {
    const { journals } = this.sources;
    try {
      let journal = await journals.of(tenant, run);
      // It may have ended since its pages were read.
      if (isSealed && journal.ended === null) journal = await journals.of(tenant, run);
      if (isSealed && journal.ended === null)
        throw alteredIn(tenant, run)('journal', 'the journal', 'the end of the sealed run', 'no end');
      if (journal.lastSeq < lastSeq)
        throw alteredIn(tenant, run)('journal', 'the journal', `entry ${lastSeq}`, `${journal.lastSeq} entries`);
      return journal.head;
    } catch (error) {
      if (!DocumentAltered.is(error) || !(await this.isKnown(tenant, run))) throw error;
      return null;
    }
  }

  /** The steps of a run up to its last page. */
  private async replayed(
    tenant: TenantId,
    run: RunId,
    { lastSeq }: StepSource,
    head: Digest | null,
  ): Promise<readonly StepRow[]> {
    const { reader } = this.sources;
    let documents: RunDocuments | null;
    try {
      documents = await reader.documents(tenant, run);
    } catch (error) {
      if (!DocumentAltered.is(error) || !(await this.isKnown(tenant, run))) throw error;
      return stepsWithoutPlan(await this.pages(tenant, run));
    }
    const envelope = await reader.admission(tenant, run);
    if (!documents || envelope === null) return [];
    const { payload, digest } = decodeEnvelope(envelope);
    const of = { index: documents.index, admission: readAdmission(payload), admissionDigest: digest };
    const read = await this.pages(tenant, run);
    // Pages that were added meanwhile belong to the next reading.
    const last = head === null ? read.length : read.findIndex(({ hash }) => hash === head) + 1;
    const { rows, brokenAt } = journaledSteps(of, read.slice(0, last), lastSeq);
    const altered = alteredIn(tenant, run);
    const finding =
      brokenAt !== null
        ? altered('journal', `entry ${brokenAt} of the journal`, 'a chain that the plan derives', 'another')
        : rows.some(({ step }) => isItem(step as StepId))
          ? altered('run', 'the place of its steps', 'rows, as of each run with items', 'the journal')
          : null;
    if (finding !== null && !(await this.isKnown(tenant, run))) throw finding;
    return rows;
  }

  private keep(key: string, steps: KeptSteps): void {
    this.kept.delete(key);
    this.kept.set(key, steps);
    let bytes = [...this.kept.values()].reduce((sum, one) => sum + one.bytes, 0);
    for (const [oldest, one] of this.kept) {
      if (bytes <= this.sources.maxBytes || this.kept.size === 1) return;
      this.kept.delete(oldest);
      bytes -= one.bytes;
    }
  }

  /** True if the run is known to be altered. */
  private async isKnown(tenant: TenantId, run: RunId): Promise<boolean> {
    const summary = await this.sources.reader.summary(tenant, run);
    return summary !== null && isMarked(summary);
  }

  /** The rows of a sealed run are dropped by days, and its archive has them then. */
  private async pages(tenant: TenantId, run: RunId): Promise<readonly StoredPage[]> {
    const pages: StoredPage[] = [];
    for (let after = 0; ;) {
      const read = await this.sources.reader.journal(tenant, run, after, PAGES);
      pages.push(...read);
      if (read.length < PAGES) break;
      after = read.at(-1)?.first ?? after;
    }
    return pages.length > 0 ? pages : (await archivedJournal(this.sources, tenant, run)).map(storedPage);
  }
}

function storedPage({ first, prev, hash, entries, values }: Page): StoredPage {
  return { first, prev, hash, text: canonical(entries as unknown as Json), held: JSON.stringify(values) };
}

function bytesOf({ outputs, outputsRef }: StepRow): number {
  const size = isJsonObject(outputsRef) ? outputsRef['size'] : 0;
  return ROW_BYTES + (outputs !== null && typeof size === 'number' ? 2 * size : 0);
}
