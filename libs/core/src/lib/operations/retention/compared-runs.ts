import { digestOf } from '../../canonical/digest';
import { hasEnded, isOver } from '../../foundation/statuses';
import { isJsonObject, type Json } from '../../foundation/json';
import type { RunId, TenantId } from '../../foundation/ids';
import { endIn } from '../../journal/journaled-run';
import { isMessageOf } from '../../run/run-end';
import type { SaidMessage } from '../../run/run-event';
import type { GateRow } from '../../ports/gates/gate-store';
import type { ArtifactView, RunReader, RunSummary } from '../../ports/runs/run-reader';
import { compareEach, type DocumentAltered } from '../../stored/document-altered';
import { alteredIn, type JournaledRuns } from './journaled-runs';

/** Number of ended runs whose status was compared. */
const KEPT = 4_096;
/** Evidence that only a run has which has ended. */
const OF_THE_END: ReadonlySet<string> = new Set(['pending', 'blocked', 'sealed']);

interface ComparedDependencies {
  readonly reader: Pick<RunReader, 'artifacts' | 'lastPage' | 'evidence' | 'summary'>;
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
   * Compares the status of one run with the statement of a sealed run, or with the end in its journal, whatever its row says about either.
   * A run that is known to be altered says so, and is shown as it is.
   */
  async compareStatus(tenant: TenantId, run: RunSummary): Promise<void> {
    if (isKnown(run)) return;
    const finding = hasEnded(run.status) ? await this.wrongEnd(tenant, run) : await this.unshownEnd(tenant, run);
    if (finding === null) return;
    // The run may have ended, or may have been sealed, since its row was read.
    const now = await this.dependencies.reader.summary(tenant, run.runId);
    if (now?.version === run.version) throw finding;
  }

  /** What is wrong with the row of a run that says that it has ended; null: nothing. */
  private async wrongEnd(
    tenant: TenantId,
    { runId, status, message, evidence }: RunSummary,
  ): Promise<DocumentAltered | null> {
    const { reader, journals } = this.dependencies;
    const altered = alteredIn(tenant, runId);
    const isSealed = (await reader.evidence(tenant, runId)) !== null;
    if (isSealed !== (evidence.status === 'sealed'))
      return altered('evidence', 'the evidence', isSealed ? 'sealed' : 'no attestation', evidence.status);
    const [key, compared] = [`${tenant} ${runId}`, `${status} ${isSealed} ${digestOf(message)}`];
    if (this.statuses.get(key) === compared) return null;
    const statement = isSealed ? await journals.statement(tenant, runId) : null;
    const page = await reader.lastPage(tenant, runId);
    const head = statement?.journal.head ?? page?.hash;
    if (page !== null && page.hash !== head) return altered('journal', 'the journal', head ?? 'no journal', page.hash);
    const end = (page && endIn(page)) ?? (await journals.of(tenant, runId)).ended;
    const result = statement?.run.result ?? end?.status;
    if (result !== status) return altered('status', 'the status', result ?? 'no end in the journal', status);
    if (end !== null && !isMessageOf(message, end)) return wrongMessage(altered, message, end);
    this.statuses.delete(key);
    this.statuses.set(key, compared);
    if (this.statuses.size > KEPT) this.statuses.delete(this.statuses.keys().next().value as string);
    return null;
  }

  /** What is wrong with the row of a run that says that it has not ended; null: nothing. The journal is not read for it as a whole. */
  private async unshownEnd(tenant: TenantId, run: RunSummary): Promise<DocumentAltered | null> {
    const { runId, status, message, evidence, finishedAt } = run;
    const wrong = (end: string) => alteredIn(tenant, runId)('status', 'the status', end, status);
    if (status !== 'halted' && (finishedAt !== null || OF_THE_END.has(evidence.status))) return wrong('an end');
    if ((await this.dependencies.reader.evidence(tenant, runId)) !== null) return wrong('an end');
    if (message !== null) return wrongMessage(alteredIn(tenant, runId), message, {});
    const page = status === 'halted' ? null : await this.dependencies.reader.lastPage(tenant, runId);
    const end = page && endIn(page);
    return end === null ? null : wrong(end.status);
  }

  /** Compares the number of log lines of a run that has ended with its journal: a smaller one would hide lines. */
  async compareLines(tenant: TenantId, run: RunSummary): Promise<void> {
    if (!hasEnded(run.status) || isKnown(run)) return;
    const { lastLine } = await this.dependencies.journals.of(tenant, run.runId);
    if (lastLine !== run.lastLine)
      throw alteredIn(tenant, run.runId)('log', 'the number of lines of the log', `${lastLine}`, `${run.lastLine}`);
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

/** The finding names digests only: a message may quote what a step printed. */
function wrongMessage(altered: ReturnType<typeof alteredIn>, row: Json, end: SaidMessage): DocumentAltered {
  const expected = end.message?.digest ?? end.messageError?.code ?? 'no message';
  return altered('status', 'the message of the run', expected, row === null ? 'no message' : digestOf(row));
}

/** True if a run is known to be altered, or was halted: its row says so to whoever reads it. */
export function isMarked(run: Pick<RunSummary, 'status' | 'error'>): boolean {
  return run.status === 'halted' || isKnown(run);
}

function isKnown({ error }: Pick<RunSummary, 'error'>): boolean {
  return isJsonObject(error) && error['code'] === 'DOCUMENT_ALTERED';
}
