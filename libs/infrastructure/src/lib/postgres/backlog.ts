import type { Pool } from 'pg';
import { statement } from './statement';

/** What the whole installation has before it: counts without tenants. Milliseconds; 0 where there is none. */
export interface Backlog {
  /** Runs that need a worker now and have none. */
  readonly dueRuns: number;
  readonly oldestDueMs: number;
  /** Runs that a worker drives. */
  readonly ownedRuns: number;
  readonly openGates: number;
  /** Ended runs whose evidence is not sealed yet. */
  readonly pendingEvidence: number;
  /** Those of them whose last try failed. */
  readonly failingEvidence: number;
  readonly oldestEvidenceMs: number;
}

/** Connections of one pool now. */
export interface PoolUse {
  readonly pool: string;
  readonly used: number;
  readonly idle: number;
  /** Questions that wait for a connection. */
  readonly waiting: number;
}

interface BacklogRow {
  readonly due_runs: number;
  readonly oldest_due_ms: number;
  readonly owned_runs: number;
  readonly open_gates: number;
  readonly pending_evidence: number;
  readonly failing_evidence: number;
  readonly oldest_evidence_ms: number;
}

const backlogStatement = statement('backlog');

/** One question; rejects while the database is away. */
export async function backlogOf(pool: Pool): Promise<Backlog> {
  const { rows } = await pool.query<BacklogRow>({ ...backlogStatement, values: [] });
  const [row] = rows;
  if (!row) throw new TypeError('no backlog');
  return {
    dueRuns: row.due_runs,
    oldestDueMs: row.oldest_due_ms,
    ownedRuns: row.owned_runs,
    openGates: row.open_gates,
    pendingEvidence: row.pending_evidence,
    failingEvidence: row.failing_evidence,
    oldestEvidenceMs: row.oldest_evidence_ms,
  };
}

export function poolUse(name: string, pool: Pool): PoolUse {
  return { pool: name, used: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount };
}
