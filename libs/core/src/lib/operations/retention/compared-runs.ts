import { digestIfJson } from '../../canonical/digest';
import { hasEnded, isOver } from '../../foundation/statuses';
import { isJsonObject } from '../../foundation/json';
import { plannedExports } from '../../evidence/records/export-requests';
import type { RunId, TenantId } from '../../foundation/ids';
import { saysEnded, type StepColumns } from '../../journal/ended-steps';
import { endIn, type JournaledEnd, type JournaledRun } from '../../journal/journaled-run';
import type { GateRow } from '../../ports/gates/gate-store';
import type { ArtifactView, RunReader, RunSummary } from '../../ports/runs/run-reader';
import { compareEach, type DocumentAltered } from '../../stored/document-altered';
import { differenceFromEnd, differenceFromStatement, type EndDifference } from './compared-end';
import { alteredIn, type JournaledRuns } from './journaled-runs';

/** Number of ended runs whose end was compared. */
const KEPT = 4_096;
type LastPage = ReturnType<RunReader['lastPage']>;

/** Readings of a row that changes while it is compared. A run ends once, and is sealed once. */
const MOST_READINGS = 5;
/** Evidence that only a run has which has ended. */
const OF_THE_END: ReadonlySet<string> = new Set(['pending', 'blocked', 'sealed']);

interface ComparedDependencies {
  readonly reader: Pick<RunReader, 'artifacts' | 'lastPage' | 'evidence' | 'summary' | 'stepRow' | 'documents'>;
  readonly journals: JournaledRuns;
}

/**
 * Compares what rows repeat of a run's journal before it is shown: artifacts, ends of steps, the end of a run and the status of a gate. Of a
 * sealed run, the signed statement counts. All methods reject with `DocumentAltered`.
 */
export class ComparedRuns {
  /** Digests of ends that were compared, the most recent one last. */
  private readonly ends = new Map<string, string>();

  constructor(private readonly dependencies: ComparedDependencies) {}

  /**
   * The artifacts of a run, each as it was captured, and none missing. `steps`: rows of steps that were read before. They are compared too,
   * because the journal is read for the artifacts anyway.
   */
  async artifacts(tenant: TenantId, run: RunId, steps: readonly StepColumns[] = []): Promise<readonly ArtifactView[]> {
    const altered = alteredIn(tenant, run);
    // The journal is read first: rows that it names are there.
    const before = (await this.dependencies.journals.of(tenant, run)).artifactCount;
    const rows = await this.dependencies.reader.artifacts(tenant, run);
    if (rows.length < before)
      throw altered('artifact', 'the list of artifacts', `${before} artifacts`, `${rows.length} artifacts`);
    const journal = await this.dependencies.journals.of(tenant, run);
    const stray = journal.strayOf(rows);
    if (stray)
      throw altered('artifact', `artifact ${stray.name} of ${stray.step}`, 'an artifact in the journal', stray.digest);
    await this.refuseStrayStep(tenant, run, journal, steps);
    return rows;
  }

  /** Compares rows of steps that have ended, and all after the end of the run, with the journal: outcome, attempts, outputs and error. */
  async compareSteps(tenant: TenantId, run: RunId, rows: readonly StepColumns[]): Promise<void> {
    await this.refuseStrayStep(tenant, run, await this.dependencies.journals.of(tenant, run), rows);
  }

  /**
   * The row of a run to show: the one that was read, or the one that it has become since. Null: it has been removed since.
   *
   * The row is compared with the statement of a sealed run, or with the end in its journal, whatever its row says about either: status,
   * outputs, and code and step of the error. Numbers of steps are compared if the statement lists the steps: otherwise the journal would be
   * read as a whole. A run that is known to be altered says so, and is shown as it is.
   */
  async summary(tenant: TenantId, read: RunSummary): Promise<RunSummary | null> {
    let run = read;
    for (let readings = 1; ; readings++) {
      if (isKnown(run)) return run;
      const finding = hasEnded(run.status) ? await this.wrongEnd(tenant, run) : await this.unshownEnd(tenant, run);
      if (finding === null) return run;
      // The run may have ended, or may have been sealed, since its row was read. Then the row is compared as it is now, not shown as it was:
      // whoever has found the same alteration first has changed the row, too.
      const now = await this.dependencies.reader.summary(tenant, run.runId);
      if (now === null) return null;
      if (now.version === run.version || readings === MOST_READINGS) throw finding;
      run = now;
    }
  }

  /** What is wrong with the row of a run that says that it has ended; null: nothing. */
  private async wrongEnd(tenant: TenantId, run: RunSummary): Promise<DocumentAltered | null> {
    const { runId, status, evidence } = run;
    const { reader } = this.dependencies;
    const altered = alteredIn(tenant, runId);
    const { outputs, message, error, counts } = run;
    const asked = evidence.exports.map(({ destination, artifacts }) => [destination, artifacts]);
    const columns = [status, evidence.status === 'sealed', outputs, message, error, counts, asked];
    const [key, compared] = [`${tenant} ${runId}`, digestIfJson(columns)];
    const isCompared = compared !== null && this.ends.get(key) === compared;
    const page = isCompared ? null : this.lastPage(tenant, runId);
    const sealed = await reader.evidence(tenant, runId);
    const isSealed = sealed !== null;
    if (isSealed !== (evidence.status === 'sealed'))
      return altered('evidence', 'the evidence', isSealed ? 'sealed' : 'no attestation', evidence.status);
    if (sealed !== null && evidence.digest !== sealed.bundle)
      return altered('evidence', 'the digest of the evidence', sealed.bundle, evidence.digest ?? 'none');
    if (evidence.status !== 'blocked' && evidence.reason !== null)
      return altered('evidence', 'why there is no evidence', 'none', 'a reason');
    if (Array.isArray(run.waits) && run.waits.length > 0)
      return altered('run', 'what it waits for', 'nothing after its end', 'something');
    if (page === null) return null;
    const stray = await this.strayExport(tenant, run);
    if (stray !== null) return altered('evidence', 'an export of the evidence', 'a request of the plan', stray);
    const found = await (isSealed ? this.wrongSealed(tenant, run, page) : this.wrongJournaled(tenant, run, page));
    if (found !== null) return altered(found.document, found.what, found.expected, found.found);
    if (compared === null) return null;
    this.ends.delete(key);
    this.ends.set(key, compared);
    if (this.ends.size > KEPT) this.ends.delete(this.ends.keys().next().value as string);
    return null;
  }

  /** The destination of an export that no step of the plan can have requested; null: none. */
  private async strayExport(tenant: TenantId, { runId, evidence: { exports } }: RunSummary): Promise<string | null> {
    if (exports.length === 0) return null;
    const documents = await this.dependencies.reader.documents(tenant, runId);
    const planned = documents === null ? new Map<string, boolean>() : plannedExports(documents.index);
    const stray = exports.find(({ destination, artifacts }) => {
      const withArtifacts = planned.get(destination);
      return withArtifacts === undefined || (artifacts && !withArtifacts);
    });
    return stray?.destination ?? null;
  }

  /** The last page has the signed end if it is the head that the statement names. Pages that retention has removed are not fetched for it. */
  private async wrongSealed(tenant: TenantId, run: RunSummary, read: LastPage): Promise<EndDifference | null> {
    const statement = await this.dependencies.journals.statement(tenant, run.runId);
    if (statement === null) return this.wrongJournaled(tenant, run, read);
    const found = differenceFromStatement(run, statement);
    if (found !== null) return found;
    const page = await read;
    if (page === null) return null;
    const { head } = statement.journal;
    const end = page.hash === head ? endIn(page) : null;
    if (end !== null) return differenceFromEnd(run, end);
    return { document: 'journal', what: 'the last page of the journal', expected: head, found: page.hash };
  }

  private async wrongJournaled(tenant: TenantId, run: RunSummary, read: LastPage): Promise<EndDifference | null> {
    const { runId, status } = run;
    const end = (await endOn(read)) ?? (await this.dependencies.journals.of(tenant, runId)).ended;
    if (end !== null) return differenceFromEnd(run, end);
    return { document: 'status', what: 'the status', expected: 'no end in the journal', found: status };
  }

  /** What is wrong with the row of a run that says that it has not ended; null: nothing. The journal is not read for it as a whole. */
  private async unshownEnd(tenant: TenantId, run: RunSummary): Promise<DocumentAltered | null> {
    const { runId, status, message, evidence, finishedAt } = run;
    const wrong = (end: string) => alteredIn(tenant, runId)('status', 'the status', end, status);
    if (status !== 'halted' && (finishedAt !== null || OF_THE_END.has(evidence.status))) return wrong('an end');
    const page = status === 'halted' ? null : this.lastPage(tenant, runId);
    if ((await this.dependencies.reader.evidence(tenant, runId)) !== null) return wrong('an end');
    if (message !== null)
      return alteredIn(tenant, runId)('status', 'the message of the run', 'no message', 'a message');
    const end = page && (await endOn(page));
    return end === null ? null : wrong(end.status);
  }

  /** Read together with what is compared before it, because a caller waits for both. Its rejection counts where it is awaited. */
  private lastPage(tenant: TenantId, run: RunId): LastPage {
    const page = this.dependencies.reader.lastPage(tenant, run);
    page.catch(() => undefined);
    return page;
  }

  /** Compares the number of log lines of a run that has ended with its journal: a smaller one would hide lines. */
  async compareLines(tenant: TenantId, run: RunSummary): Promise<void> {
    if (!hasEnded(run.status) || isKnown(run)) return;
    const { lastLine } = await this.dependencies.journals.of(tenant, run.runId);
    if (lastLine !== run.lastLine)
      throw alteredIn(tenant, run.runId)('log', 'the number of lines of the log', `${lastLine}`, `${run.lastLine}`);
  }

  /**
   * Compares rows of steps of gates that have no row of their own, because they did not open for people. Without this, a gate whose row was
   * removed would be shown as passed.
   */
  async compareUnopened(tenant: TenantId, run: RunId, steps: readonly StepColumns[]): Promise<void> {
    if (steps.length === 0) return;
    const journal = await this.dependencies.journals.of(tenant, run);
    const removed = steps.filter(saysEnded).find(({ step }) => journal.outcomeOf(step) !== undefined);
    if (removed) throw alteredIn(tenant, run)('gate', `gate ${removed.step}`, 'a row', 'none');
    await this.refuseStrayStep(tenant, run, journal, steps);
  }

  /** All steps of a run end before the run does, whatever the row of the run says. */
  private async refuseStrayStep(
    tenant: TenantId,
    run: RunId,
    journal: JournaledRun,
    rows: readonly StepColumns[],
  ): Promise<void> {
    const refuse = ({ step, status }: StepColumns): never => {
      throw alteredIn(tenant, run)('step', `the row of step ${step}`, 'its end in the journal', status);
    };
    const stray = journal.steps.strayOf(rows);
    if (stray) refuse(stray);
    if (journal.ended === null) return;
    for (const { step } of rows.filter((row) => !saysEnded(row))) {
      // It may have been read before the journal.
      const now = await this.dependencies.reader.stepRow(tenant, run, step);
      if (now !== null && (!saysEnded(now) || journal.steps.strayOf([now]))) refuse(now);
    }
  }

  /** Compares the place of the evidence of a sealed run with the run: the statement in the bundle must name it. Compares its size too. */
  async compareEvidence(tenant: TenantId, run: RunId): Promise<void> {
    await this.dependencies.journals.compareBundle(tenant, run);
  }

  /** Compares the states and requests of gates with the journal. Until the run is over, decisions of people come before the journal. */
  async compareGates(tenant: TenantId, run: RunId, rows: readonly GateRow[]): Promise<void> {
    const decided = rows.filter(
      ({ state, runStatus }) => isOver(runStatus) || state === 'expired' || state === 'closed',
    );
    if (decided.length === 0) return;
    const journal = await this.dependencies.journals.of(tenant, run);
    compareEach(decided, ({ gate, gateDigest, state }) => {
      const request = journal.requestOf(gate);
      if (request !== undefined && request !== gateDigest)
        throw alteredIn(tenant, run)('gate', `the request of gate ${gate}`, request, gateDigest);
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
export function isMarked(run: Pick<RunSummary, 'status' | 'error'>): boolean {
  return run.status === 'halted' || isKnown(run);
}

async function endOn(read: LastPage): Promise<JournaledEnd | null> {
  const page = await read;
  return page && endIn(page);
}

function isKnown({ error }: Pick<RunSummary, 'error'>): boolean {
  return isJsonObject(error) && error['code'] === 'DOCUMENT_ALTERED';
}
