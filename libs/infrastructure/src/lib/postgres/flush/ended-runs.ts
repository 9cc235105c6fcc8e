import type { Commit, OutboxItem } from '@taskrunner/core/ports';

/** How long the item of an ended run is left to the worker that drove it, by the clock of the database, milliseconds. */
export const OWN_MS = 10_000;
/** This process takes it for a shorter time, so that it has begun to hold it when others may take it. */
const TAKEN_MS = 7_000;
/** Number of runs that are known. The evidence of the oldest is then left to whoever takes it. */
const KNOWN = 10_000;

interface EndedRun {
  readonly item: OutboxItem;
  /** When its commit began, monotonic milliseconds. */
  readonly since: number;
}

/**
 * Items of the runs whose end this process has committed, the oldest first. It seals those runs before others may, because it has their pages in
 * memory (ADR 102), and it needs no statement to take the items (ADR 109).
 */
export class EndedRuns {
  private readonly runs = new Map<string, EndedRun>();

  constructor(
    private readonly limits: { readonly known: number } = { known: KNOWN },
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A commit was stored that began at `since`, monotonic milliseconds. `id`: the item of its outbox that asks for evidence. */
  committed({ tenant, runId, outbox }: Pick<Commit, 'tenant' | 'runId' | 'outbox'>, id: string, since: number): void {
    const entry = outbox.find(({ kind }) => kind === 'attest');
    if (entry?.kind !== 'attest') return;
    const { kind, traceContext } = entry;
    const item = { id, tenant, runId, kind, tries: 1, ...(traceContext === undefined ? {} : { traceContext }) };
    this.runs.set(id, { item, since });
    const [oldest] = this.runs.keys();
    if (oldest !== undefined && this.runs.size > this.limits.known) this.runs.delete(oldest);
  }

  /** Up to `limit` items, each of them once. Those that others may take soon are left to everybody. */
  take(limit: number): readonly OutboxItem[] {
    const oldest = this.now() - TAKEN_MS;
    const items: OutboxItem[] = [];
    for (const [id, { item, since }] of this.runs) {
      if (items.length >= limit) break;
      this.runs.delete(id);
      if (since > oldest) items.push(item);
    }
    return items;
  }
}
