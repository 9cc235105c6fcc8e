import type { Values } from './columns';
import { LockOrder } from './lock-order';
import { makeTables, type Tables } from './rows';
import { resolveAttention, explainResolution } from './statements/attention';
import { audit } from './statements/audit';
import * as claims from './statements/claims';
import { flush } from './statements/flush';
import { decideGate, explainDecision, findGate } from './statements/gates';
import { readPages, runRows, standings } from './statements/journal';
import { mail, postLetter, readLetters } from './statements/letters';
import { appendChunks, readChunks } from './statements/logs';
import { createRun, stamp } from './statements/runs';
import { Transaction, type Change, type Commits, type Execution } from './transaction';

/** Rules that can be taken out, each to show that its absence is found. */
export type PlantedBug =
  | 'arms-do-not-join'
  | 'zombies-commit'
  | 'positions-are-not-compared'
  | 'parks-over-letters'
  | 'steps-keep-their-first-status'
  | 'chunks-lose-a-line'
  | 'readers-begin-too-early'
  | 'decisions-do-not-look-at-the-run'
  | 'gates-are-locked-before-runs'
  | 'quorum-is-read-from-the-snapshot'
  | 'standings-do-not-know-the-head'
  | 'sweeps-without-being-steady'
  | 'leases-end-early'
  | 'every-crash-counts-twice'
  | 'claims-ignore-tenants'
  | 'claims-keep-the-fence';

/** What a statement has while it is executed. */
export interface Session {
  readonly tx: Transaction;
  readonly tables: Tables;
  readonly bugs: ReadonlySet<PlantedBug>;
  /** `clock_timestamp()`: milliseconds. */
  readonly clock: () => number;
  /** UUIDv7 of a moment. */
  readonly uuid: (at: number) => string;
  /** The next of the numbers that stand for ids which nobody reads. */
  readonly number: () => number;
}

type ModelStatement = (session: Session, values: Values) => Execution<unknown>;

const nothing: ModelStatement = function* () {
  yield null;
  return [];
};

/** By the names under which the adapters prepare them. */
const STATEMENTS: Readonly<Record<string, ModelStatement>> = {
  'append-audit': audit,
  'append-chunks': appendChunks,
  'claim-runs': claims.claimRuns,
  // Every worker here has all profiles and labels, so that nothing is ever unenforceable or unplaced.
  'claim-unenforceable': nothing,
  'claim-unplaced': nothing,
  'mark-unplaced': nothing,
  'create-run': createRun,
  'decide-gate': decideGate,
  'explain-decision': explainDecision,
  'explain-resolution': explainResolution,
  'find-gate': findGate,
  flush: flush,
  'forget-dead': claims.forgetDead,
  'free-runs': claims.freeRuns,
  'halt-run': claims.haltRun,
  mail: mail,
  'mark-dead': claims.markDead,
  'post-letter': postLetter,
  'read-chunks': readChunks,
  'read-letters': readLetters,
  'read-pages': readPages,
  'register-worker': claims.registerWorker,
  'release-run': claims.releaseRun,
  'renew-lease': claims.renewLease,
  'resolve-attention': resolveAttention,
  'retire-worker': claims.retireWorker,
  'run-rows': runRows,
  stamp: stamp,
  standings: standings,
  'unclaim-lost': claims.unclaimLost,
};

/** One statement under way: its transaction, and what is left of it to execute. */
export interface Running {
  readonly tx: Transaction;
  readonly execution: Execution<unknown>;
}

/**
 * PostgreSQL as far as the engine asks it: tables with their versions, row locks, READ COMMITTED, and the statements of `sql/` as
 * functions over them. Who owns it says when each goes on: it has no time of its own.
 */
export class ModelDatabase {
  readonly tables = makeTables();
  readonly disorders: string[] = [];
  private readonly commits: Commits = { last: 0, open: new Set(), order: new LockOrder(), disorders: this.disorders };
  private numbers = 0;

  constructor(
    private readonly now: () => number,
    readonly bugs: ReadonlySet<PlantedBug> = new Set(),
    /** Told of each commit and what it changed. */
    private readonly onCommit: (name: string, changes: readonly Change[]) => void = () => undefined,
  ) {}

  /** A statement begins: its snapshot is taken. */
  begin(name: string, values: Values): Running {
    const run = STATEMENTS[name];
    if (!run) throw new TypeError(`the model does not know the statement ${name}`);
    const tx = new Transaction(this.commits, name, this.now());
    const session: Session = {
      ...{ tx, tables: this.tables, bugs: this.bugs, clock: this.now },
      uuid: (at) => this.uuid(at),
      number: () => ++this.numbers,
    };
    return { tx, execution: run(session, values) };
  }

  commit({ tx }: Running): void {
    this.onCommit(tx.name, tx.commit());
  }

  /** A statement from its beginning to its end, with nothing beside it. */
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

  private uuid(at: number): string {
    const time = Math.floor(at).toString(16).padStart(12, '0');
    const number = (++this.numbers).toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number}`;
  }
}
