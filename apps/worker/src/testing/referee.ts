import { runUuid, toRunId, type Digest, type RunId } from '@taskrunner/core/foundation';
import { checkChain, type Entry, type Page } from '@taskrunner/core/journal';
import { Committer, type Commit, type Committed } from '@taskrunner/core/ports';
import {
  pageContent,
  runKey,
  type Change,
  type ModelDatabase,
  type PageRow,
  type RunRow,
  type SourceRow,
} from '@taskrunner/infrastructure/testing';
import { REFUSED_OUTPUT, type Effect } from './children';
import { EndedRunRules } from './ended-run-rules';
import { FanOutRules } from './fan-out-rules';
import type { AnsweredDecision } from './people';
import type { Invariant, WorkerHealth, Violation } from './verdict';
import { START } from './virtual-time';

const ENDED = ['succeeded', 'failed', 'cancelled'];

/** Checks every commit, every execution and, at the end, everything. It trusts only the state of the tables. */
export class Referee {
  readonly violations: Violation[] = [];
  /** Pages that a driver was told were not committed. */
  private readonly denied = new Map<Digest, string>();
  /** Hashes of the existing pages. */
  private readonly stored = new Set<Digest>();
  /** Executions whose start is in a journal, with the assignment to which they belong. */
  private readonly started = new Map<string, string | null>();
  private readonly fanOut: FanOutRules;
  private readonly records: EndedRunRules;
  effects: readonly Effect[] = [];

  constructor(
    private readonly now: () => number,
    private readonly healthOf: (workerSession: string) => WorkerHealth,
    private readonly database: () => ModelDatabase,
  ) {
    const wrong = (invariant: Invariant, what: string): void => this.wrong(invariant, what);
    this.fanOut = new FanOutRules(database, healthOf, wrong);
    this.records = new EndedRunRules(database, wrong);
  }

  wrong(invariant: Invariant, what: string): void {
    this.violations.push({ invariant, what, at: this.now() });
  }

  /** A committer whose answers are compared with the tables. */
  watch(committer: Committer): Committer {
    return new WatchedCommitter(committer, (commit, outcome) => this.answered(commit, outcome));
  }

  onCommit(statement: string, changes: readonly Change[]): void {
    for (const change of changes) {
      const { table, before, after } = change;
      this.fanOut.onChange(statement, change);
      if (table.name === 'runs' && before) this.runChanged(statement, before as RunRow, after as RunRow);
      if (table.name === 'gates' && before) this.gateChanged(before as never, after as never);
    }
    if (statement === 'flush') this.flushed(changes);
  }

  /** Called when an execution begins. */
  onEffect(effect: Effect, others: Iterable<Effect>): void {
    const { run, step, attempt, execution, effects } = effect;
    const name = `${run} ${step}#${execution}`;
    for (const other of others) {
      if (other.run !== run || other.step !== step) continue;
      if (other.until === null) this.wrong(4, `${name} begins while #${other.execution} goes on`);
      if (effects === 'once' && other.attempt === attempt) this.wrong(4, `${name} is attempt ${attempt} once more`);
      if (other.execution === execution) this.wrong(4, `${name} begins twice`);
    }
    const assignment = this.started.get(name);
    if (assignment === undefined) this.wrong(4, `${name} begins before its start is committed`);
    const source = assignment ? this.sourceOf(run) : undefined;
    if (assignment && source && !this.fanOut.hasRow(source, assignment, step, execution))
      this.wrong(4, `${name} is lent and begins before it has a row`);
  }

  /** Called for each committed page: determines what may begin now. */
  private learn({ run_id, content }: PageRow): void {
    for (const { event } of pageContent(content).entries) {
      if (event.type !== 'step.started' && event.type !== 'attempt.assigned') continue;
      const assignment = event.type === 'attempt.assigned' ? event.assignment : null;
      this.started.set(`${toRunId(run_id)} ${event.step}#${event.execution}`, assignment);
    }
  }

  private answered({ page, tenant, runId, steps, fence }: Commit, outcome: Committed): void {
    const stored = this.stored.has(page.hash);
    const name = `the page of ${runId} from ${page.first} on`;
    if (outcome.kind === 'committed' && !stored) this.wrong(5, `${name} is told to be committed and is not there`);
    if (outcome.kind === 'committed') return;
    // A page that releases its run, whose answer is lost until another worker has continued the run. It cannot be distinguished from a
    // refused one.
    const row = this.database()
      .tables.runs.rows(tenant)
      .find(({ run_id }) => toRunId(run_id) === runId);
    const isPast = outcome.kind === 'claim-lost' && row !== undefined && row.fence > fence;
    if (stored && !isPast) this.wrong(5, `${name} is there and told to be ${outcome.kind}`);
    if (stored) return;
    this.denied.set(page.hash, name);
    if (outcome.kind !== 'refused') return;
    if (!JSON.stringify([page.entries, page.values, steps]).includes(REFUSED_OUTPUT))
      this.wrong(1, `${name} is refused for a neighbour's data: ${outcome.message}`);
  }

  private runChanged(statement: string, before: RunRow, after: RunRow): void {
    const name = `${before.run_id} in ${statement}`;
    if (after.fence !== before.fence && statement !== 'claim-runs') this.wrong(1, `the fence of ${name} moves`);
    if (statement === 'claim-runs' && (before.owner !== null || after.fence !== before.fence + 1))
      this.wrong(1, `${name}: fence ${before.fence} → ${after.fence}, owner ${before.owner ?? 'nobody'}`);
    if (ENDED.includes(before.status) && after.status !== before.status)
      this.wrong(8, `${name}: ${before.status} → ${after.status}`);
    if (statement === 'free-runs' && before.owner !== null && this.healthOf(before.owner) === 'well')
      this.wrong(10, `${name} is taken from a worker that is well`);
    const isParked = after.owner === null && ![...ENDED, 'halted'].includes(after.status);
    const wakes = (after.due_at ?? Infinity) - START <= this.now();
    if (isParked && after.inbox_seq > after.seen && !wakes) this.wrong(2, `${name} is parked over a letter`);
    if (!ENDED.includes(after.status) || ENDED.includes(before.status)) return;
    for (const { run, step, execution, until } of this.effects)
      if (run === toRunId(before.run_id) && until === null)
        this.wrong(8, `${name} ended and ${step}#${execution} goes on`);
  }

  private gateChanged(before: { gate: string; state: string }, after: { state: string }): void {
    if (before.state !== 'open' && after.state !== before.state)
      this.wrong(3, `gate ${before.gate}: ${before.state} → ${after.state}`);
  }

  /** Checks a flush: a run wrote its row, its page and everything else, or nothing at all. */
  private flushed(changes: readonly Change[]): void {
    const runs = new Map<string, RunRow>();
    for (const { table, after } of changes) if (table.name === 'runs') runs.set(keyOf(after), after as RunRow);
    const pages = new Map<string, PageRow>();
    for (const { table, before, after } of changes) {
      const run = runs.get(keyOf(after ?? before));
      if (!run) this.wrong(1, `${table.name} of ${keyOf(after)} is written without its run`);
      if (table.name !== 'journal') continue;
      const page = after as PageRow;
      this.learn(page);
      pages.set(keyOf(after), page);
      const hash = `sha256:${page.hash.toString('hex')}` as Digest;
      this.stored.add(hash);
      const denied = this.denied.get(hash);
      if (denied !== undefined) this.wrong(5, `${denied} was told not to be committed, and is`);
    }
    for (const { table, before, after } of changes) {
      if (table.name !== 'runs') continue;
      const was = before as RunRow;
      const is = after as RunRow;
      const page = pages.get(keyOf(after));
      if (was.owner === null) this.wrong(1, `${is.run_id} takes a page from nobody`);
      if (!page) this.wrong(1, `${is.run_id} moves without a page`);
      else if (page.fence !== is.fence) this.wrong(1, `${is.run_id} takes a page under fence ${page.fence}`);
      else if (page.first_seq !== was.last_seq + 1 || !is.head?.equals(page.hash))
        this.wrong(5, `${is.run_id}: the page at ${page.first_seq} does not follow ${was.last_seq}`);
    }
  }

  /** Called when nothing happens any more. */
  atEnd(decisions: readonly AnsweredDecision[], poisoned: ReadonlySet<string>, alarms: readonly string[]): void {
    const database = this.database();
    for (const source of database.tables.sources.rows()) this.checkRun(database, source, poisoned);
    for (const decision of decisions) if (decision.answer === 'counted') this.checkDecision(decision);
    for (const disorder of new Set(database.disorders)) this.wrong(10, disorder);
    for (const alarm of alarms) if (/TAMPERED|MISMATCH|INVALID|DRIVER_FAULT/.test(alarm)) this.wrong(9, alarm);
  }

  private checkRun({ tables }: ModelDatabase, source: SourceRow, poisoned: ReadonlySet<string>): void {
    const key = keyOf(source);
    const runId = toRunId(source.run_id);
    const run = tables.runs.rows(source.tenant_id).find(({ run_id }) => run_id === source.run_id) as RunRow;
    const name = `${runId} (${run.status})`;
    if (!ENDED.includes(run.status)) return this.checkSleeper(name, run);
    const pages = this.pagesOf(runId);
    const entries = pages.flatMap((page) => page.entries);
    const { head, broken } = checkChain({ seq: 0, hash: source.admission_digest as Digest }, pages);
    if (broken) this.wrong(5, `${name}: the chain breaks at ${broken.first}: ${broken.reason}`);
    if (head.seq !== run.last_seq || head.hash.slice(7) !== run.head?.toString('hex'))
      this.wrong(5, `${name}: the journal ends at ${head.seq}, the row says ${run.last_seq}`);
    const { records } = this;
    records.checkReplay(name, source, run, pages);
    records.checkRows(name, key, entries);
    records.checkLines(name, key, run, entries);
    records.checkExecutions(name, runId, entries, this.effects);
    this.fanOut.atEnd(name, key);
    records.checkEnd(name, key, entries, source);
    const code = entries.find(({ event }) => event.type === 'run.ended');
    if (code?.event.type === 'run.ended' && code.event.code === 'POISON' && !poisoned.has(runId))
      this.wrong(6, `${name} ends POISON and has done nothing`);
  }

  private checkSleeper(name: string, run: RunRow): void {
    const { owner, due_at, inbox_seq, seen, waits, fence } = run;
    if (run.status === 'halted') return this.wrong(9, `${name}: ${run.error ?? 'no reason'}`);
    const details = JSON.stringify({ owner, due_at, inbox_seq, seen, waits, fence });
    this.wrong(2, `${name} sleeps: ${details}`);
  }

  private checkDecision({ tenant, run, gate, decisionId }: AnsweredDecision): void {
    const entries = this.entriesOf(run);
    const at = entries.findIndex(
      ({ event }) => event.type === 'gate.decided' && event.decision.decisionId === decisionId,
    );
    const name = `${decisionId} at ${gate} of ${tenant}/${run}`;
    if (at < 0) return this.wrong(3, `${name} was answered 200 and is not in the journal`);
    for (const { kind, event } of entries.slice(at + 1)) {
      if (kind === 'given') break;
      if (event.type === 'given.ignored') this.wrong(3, `${name} was answered 200 and ignored: ${event.code}`);
    }
    let last = 0;
    for (const { event } of entries) {
      if (event.type !== 'gate.decided') continue;
      if (event.decision.decidedAt <= last) this.wrong(3, `${name}: times of decisions fall`);
      last = event.decision.decidedAt;
    }
  }

  entriesOf(run: string): readonly Entry[] {
    return this.pagesOf(run).flatMap((page) => page.entries);
  }

  private sourceOf(run: string): SourceRow | undefined {
    const uuid = runUuid(run as RunId);
    return this.database()
      .tables.sources.rows()
      .find(({ run_id }) => run_id === uuid);
  }

  private rowsOf(run: string): PageRow[] {
    const source = this.sourceOf(run);
    if (!source) return [];
    const rows = this.database().tables.journal.rows(keyOf(source));
    return rows.sort((a, b) => a.first_seq - b.first_seq);
  }

  private pagesOf(run: string): readonly Page[] {
    let prev = this.sourceOf(run)?.admission_digest as Digest;
    return this.rowsOf(run).map((row) => {
      const hash = `sha256:${row.hash.toString('hex')}` as Digest;
      const page: Page = {
        first: row.first_seq,
        ...pageContent(row.content),
        prev,
        hash,
      };
      prev = hash;
      return page;
    });
  }
}

class WatchedCommitter extends Committer {
  constructor(
    private readonly committer: Committer,
    private readonly answered: (commit: Commit, outcome: Committed) => void,
  ) {
    super();
  }

  async commit(commit: Commit): Promise<Committed> {
    const outcome = await this.committer.commit(commit);
    this.answered(commit, outcome);
    return outcome;
  }
}

function keyOf(row: unknown): string {
  const { tenant_id, run_id } = row as { tenant_id: string; run_id: string };
  return runKey(tenant_id, run_id);
}
