import type { StuckReason } from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { statement } from '../connection/statement';

/** The backlog of the whole installation: counts across tenants. Milliseconds; 0 if there is none. */
export interface Backlog {
  /** Runs that need a worker now, have none, and can be claimed by a living worker; if no worker lives, all that need one. */
  readonly dueRuns: number;
  readonly oldestDueMs: number;
  /** Runs that need a worker now, but no living worker has their environment, isolation and labels. */
  readonly strandedRuns: number;
  readonly oldestStrandedMs: number;
  /** Runs that a worker drives. */
  readonly ownedRuns: number;
  readonly openGates: number;
  /** Ended runs whose evidence is not sealed yet. */
  readonly pendingEvidence: number;
  /** The subset whose last seal attempt failed. */
  readonly failingEvidence: number;
  readonly oldestEvidenceMs: number;
  /** Workers whose lease is valid. */
  readonly liveWorkers: number;
  /** Runs that wait for a person, by reason. */
  readonly stuck: { readonly [Why in StuckReason]: number };
  /** Number of days ahead with journal partitions, up to the first missing one; at most 14; -1 if today's are missing. */
  readonly partitionDays: number;
}

/** Current connections of one pool. */
export interface PoolUse {
  readonly pool: string;
  readonly used: number;
  readonly idle: number;
  /** Queries that wait for a connection. */
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
  readonly stranded_runs: number;
  readonly oldest_stranded_ms: number;
  readonly live_workers: number;
  readonly stuck_attention: number;
  readonly stuck_halted: number;
  readonly stuck_blocked: number;
  readonly stuck_restore: number;
  readonly partition_days: number;
}

const backlogStatement = statement('backlog');

/** Reads the backlog in one query. Rejects while the database is unavailable. */
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
    strandedRuns: row.stranded_runs,
    oldestStrandedMs: row.oldest_stranded_ms,
    liveWorkers: row.live_workers,
    stuck: {
      attention: row.stuck_attention,
      halted: row.stuck_halted,
      blocked: row.stuck_blocked,
      restore: row.stuck_restore,
    },
    partitionDays: row.partition_days,
  };
}

export function poolUse(name: string, pool: Pool): PoolUse {
  return { pool: name, used: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount };
}
