import { runUuid } from '@taskrunner/core/foundation';
import type { Commit } from '@taskrunner/core/ports';

/** Number of runs that are asked for at once. */
const ASKED = 64;
/** Number of runs that are known. Evidence of the oldest is then left to whoever takes it first. */
const KNOWN = 10_000;

/**
 * Runs whose end this process has committed, by UUID, the oldest first. It seals them before others may, because it has their pages in memory
 * (ADR 102).
 */
export class EndedRuns {
  private readonly runs = new Set<string>();

  constructor(private readonly limits = { asked: ASKED, known: KNOWN }) {}

  committed({ runId, outbox }: Pick<Commit, 'runId' | 'outbox'>): void {
    if (!outbox.some(({ kind }) => kind === 'attest')) return;
    this.runs.add(runUuid(runId));
    const [oldest] = this.runs;
    if (oldest !== undefined && this.runs.size > this.limits.known) this.runs.delete(oldest);
  }

  /** Runs to ask for. */
  oldest(): readonly string[] {
    const found: string[] = [];
    for (const run of this.runs) if (found.push(run) === this.limits.asked) break;
    return found;
  }

  /** These runs were asked for. `taken`: those that were found; `isAll`: there was room for more, so the others are not due any more. */
  answered(asked: readonly string[], taken: readonly string[], isAll: boolean): void {
    for (const run of isAll ? asked : taken) this.runs.delete(run);
  }
}
