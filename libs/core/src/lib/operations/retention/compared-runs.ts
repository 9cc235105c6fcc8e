import { hasEnded, isOver, type RunEnd } from '../../foundation/statuses';
import { isJsonObject } from '../../foundation/json';
import type { RunId, TenantId } from '../../foundation/ids';
import { endIn } from '../../journal/journaled-run';
import type { GateRow } from '../../ports/gates/gate-store';
import type { ArtifactView, RunReader, RunSummary } from '../../ports/runs/run-reader';
import { compareEach } from '../../stored/document-altered';
import { alteredIn, type JournaledRuns } from './journaled-runs';

/** Number of ended runs whose status was compared. */
const KEPT = 4_096;
/** Evidence that only a run has which has ended. */
const OF_THE_END: ReadonlySet<string> = new Set(['pending', 'blocked', 'sealed']);

interface ComparedDependencies {
  readonly reader: Pick<RunReader, 'artifacts' | 'lastPage'>;
  readonly journals: JournaledRuns;
}

/**
 * Compares what rows repeat of a run's journal before it is shown: artifacts, and the statuses of a run and of a gate. Of a sealed run, the
 * signed statement counts. All methods reject with `DocumentAltered`.
 */
export class ComparedRuns {
  /** Statuses that were compared, the most recent one last. */
  private readonly statuses = new Map<string, string>();

  constructor(private readonly dependencies: ComparedDependencies) {}

  /** The artifacts of a run, each as it was captured, and none missing. */
  async artifacts(tenant: TenantId, run: RunId): Promise<readonly ArtifactView[]> {
    const altered = alteredIn(tenant, run);
    // The journal is read first: rows that it names are there.
    const before = (await this.dependencies.journals.of(tenant, run)).artifactCount;
    const rows = await this.dependencies.reader.artifacts(tenant, run);
    if (rows.length < before)
      throw altered('artifact', 'the list of artifacts', `${before} artifacts`, `${rows.length} artifacts`);
    const stray = (await this.dependencies.journals.of(tenant, run)).strayOf(rows);
    if (!stray) return rows;
    throw altered('artifact', `artifact ${stray.name} of ${stray.step}`, 'an artifact in the journal', stray.digest);
  }

  /**
   * Compares the status of one run with the statement of a sealed run, or with the end in its journal. A run that is known to be altered
   * says so, and is shown as it is.
   */
  async compareStatus(tenant: TenantId, run: RunSummary): Promise<void> {
    const { runId, status, evidence } = run;
    if (isMarked(run)) return;
    const altered = alteredIn(tenant, runId);
    if (!hasEnded(status)) {
      if (run.finishedAt !== null || OF_THE_END.has(evidence.status))
        throw altered('status', 'the status', 'an end', status);
      return;
    }
    const isSealed = evidence.status === 'sealed';
    const [key, compared] = [`${tenant} ${runId}`, `${status} ${isSealed}`];
    if (this.statuses.get(key) === compared) return;
    const end = await this.endOf(tenant, runId, isSealed);
    if (end !== status) throw altered('status', 'the status', end ?? 'no end in the journal', status);
    this.statuses.delete(key);
    this.statuses.set(key, compared);
    if (this.statuses.size > KEPT) this.statuses.delete(this.statuses.keys().next().value as string);
  }

  private async endOf(tenant: TenantId, run: RunId, isSealed: boolean): Promise<RunEnd | null> {
    const statement = isSealed ? await this.dependencies.journals.statement(tenant, run) : null;
    if (statement) return statement.run.result;
    const page = await this.dependencies.reader.lastPage(tenant, run);
    return (page && endIn(page)) ?? (await this.dependencies.journals.of(tenant, run)).ended;
  }

  /** Compares the states of gates with the journal. Until the run is over, decisions of people come before the journal. */
  async compareGates(tenant: TenantId, run: RunId, rows: readonly GateRow[]): Promise<void> {
    const decided = rows.filter(
      ({ state, runStatus }) => isOver(runStatus) || state === 'expired' || state === 'closed',
    );
    if (decided.length === 0) return;
    const journal = await this.dependencies.journals.of(tenant, run);
    compareEach(decided, ({ gate, state }) => {
      const outcome = journal.outcomeOf(gate);
      // A run that ends otherwise closes gates whose decisions it has not taken.
      const isDecided = state === 'approved' || state === 'rejected';
      if (outcome === state || (isDecided && (outcome === 'closed' || outcome === null))) return;
      if (outcome === null && state === 'open') return;
      throw alteredIn(tenant, run)('gate', `the state of gate ${gate}`, outcome ?? 'no end in the journal', state);
    });
  }
}

/** True if a run is known to be altered, or was halted: its row says so to whoever reads it. */
export function isMarked({ status, error }: Pick<RunSummary, 'status' | 'error'>): boolean {
  return status === 'halted' || (isJsonObject(error) && error['code'] === 'DOCUMENT_ALTERED');
}
