import { wholeFlush } from '../../lib/postgres/flush/flush-statement';
import type { Values } from './columns';
import { LockOrder } from './lock-order';
import { makeTables } from './rows';
import type { PlantedBug, Session } from './session';
import * as assignments from './statements/assignments';
import { resolveAttention, explainResolution } from './statements/attention';
import { audit, auditSubmissions } from './statements/audit';
import * as claims from './statements/claims';
import { flush } from './statements/flush';
import { decideGate, explainDecision, laterRecords, runGates } from './statements/gates';
import { readPages, runRows, runPositions } from './statements/journal';
import { inboxCounted, inboxPositions, postInboxMessage, readInbox } from './statements/inbox';
import { appendChunks, appendAssignedChunks, readChunks } from './statements/logs';
import { createRuns, now, readAdmission, stamp } from './statements/runs';
import { Transaction, type Change, type Commits, type Execution } from './transaction';

type ModelStatement = (session: Session, values: Values) => Execution<unknown>;

const nothing: ModelStatement = function* () {
  yield null;
  return [];
};

/** Statements by the names under which adapters prepare them. */
const STATEMENTS: Readonly<Record<string, ModelStatement>> = {
  'append-audit': audit,
  'audit-submissions': auditSubmissions,
  'append-chunks': appendChunks,
  'append-assigned-chunks': appendAssignedChunks,
  'assignment-statuses': assignments.assignmentStatuses,
  'begin-isolated': claims.beginIsolated,
  'begin-executions': assignments.beginExecutions,
  'claim-assignment': assignments.claimAssignment,
  'claim-runs': claims.claimRuns,
  // Every worker of the model has all profiles, labels and capabilities, so runs are never unhonoured or unplaced.
  'claim-unserved': nothing,
  'mark-unplaced': nothing,
  // Nothing alters a row of the model.
  'pass-on-groups': nothing,
  'mark-run-poisoned': claims.markRunPoisoned,
  'create-runs': createRuns,
  'decide-gate': decideGate,
  'explain-decision': explainDecision,
  'later-records': laterRecords,
  'explain-resolution': explainResolution,
  'run-gates': runGates,
  flush: flush,
  'forget-dead': claims.forgetDead,
  'free-assignments': assignments.freeAssignments,
  'free-runs': claims.freeRuns,
  'halt-run': claims.haltRun,
  'heal-times': claims.healTimes,
  'assigned-run': assignments.assignedRun,
  'inbox-counted': inboxCounted,
  'inbox-positions': inboxPositions,
  'mark-dead': claims.markDead,
  'other-workers': assignments.otherWorkers,
  'post-message': postInboxMessage,
  'post-report': assignments.postReport,
  'read-admission': readAdmission,
  'read-chunks': readChunks,
  'read-inbox': readInbox,
  'read-pages': readPages,
  'register-worker': claims.registerWorker,
  'release-assignment': assignments.releaseAssignment,
  'release-run': claims.releaseRun,
  'resume-run': claims.resumeRun,
  'renew-lease': claims.renewLease,
  'resolve-attention': resolveAttention,
  'retire-worker': claims.retireWorker,
  'run-rows': runRows,
  stamp: stamp,
  now: now,
  'run-positions': runPositions,
  'unclaim-lost': claims.unclaimLost,
};

/** A statement in progress: its transaction and the remaining execution. */
export interface Running {
  readonly tx: Transaction;
  readonly execution: Execution<unknown>;
}

/**
 * A model of PostgreSQL for the statements of the engine: tables with row versions, row locks, READ COMMITTED, and the statements of
 * `lib/postgres` as functions. The caller schedules the statements; the model has no time of its own.
 */
export class ModelDatabase {
  readonly tables = makeTables();
  readonly disorders: string[] = [];
  private readonly commits: Commits = { last: 0, open: new Set(), order: new LockOrder(), disorders: this.disorders };
  private numbers = 0;

  constructor(
    private readonly now: () => number,
    readonly bugs: ReadonlySet<PlantedBug> = new Set(),
    /** Called for each commit with its changes. */
    private readonly onCommit: (name: string, changes: readonly Change[]) => void = () => undefined,
  ) {}

  /** Begins a statement and takes its snapshot. */
  begin(name: string, values: Values): Running {
    // The name of a flush includes its parts.
    const [known = ''] = name.split(' ');
    const run = STATEMENTS[known];
    if (!run) throw new TypeError(`the model does not know the statement ${name}`);
    const tx = new Transaction(this.commits, known, this.now());
    const { tables, bugs, now, uuid, number } = this;
    const session: Session = { tx, tables, bugs, clock: now, uuid, number };
    return { tx, execution: run(session, known === 'flush' ? wholeFlush(name, values) : values) };
  }

  commit({ tx }: Running): void {
    this.onCommit(tx.name, tx.commit());
  }

  /** Executes a statement to its end without interleaving. */
  execute(name: string, values: Values): unknown[] {
    const running = this.begin(name, values);
    try {
      for (;;) {
        const { done, value } = running.execution.next();
        if (!done) continue;
        this.commit(running);
        return value;
      }
    } catch (error) {
      running.tx.abort();
      throw error;
    }
  }

  private readonly number = (): number => ++this.numbers;

  private readonly uuid = (at: number): string => {
    const time = Math.floor(at).toString(16).padStart(12, '0');
    const number = this.number().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number}`;
  };
}
