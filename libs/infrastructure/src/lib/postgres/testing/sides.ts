import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@taskrunner/core/testing';
import type { Pool, PoolClient } from 'pg';
import { statement } from '../connection/statement';
import type { TestDatabase } from './test-database';
import { ModelDatabase } from '../../../testing/model/model-database';
import type { RunRow } from '../../../testing/model/rows';
import type { Both } from './random-commits';
import { RandomStatements } from './random-statements';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The rows of a statement, or the code of its error. */
export type Outcome = { readonly rows: unknown } | { readonly code: string };

/** The model and PostgreSQL, to which the same statements are sent. */
export class Sides {
  readonly model = new ModelDatabase(() => Date.now());
  readonly modelWorkers: string[] = [];
  readonly statements: RandomStatements;
  private readonly realWorkers: string[] = [];

  constructor(
    private readonly database: TestDatabase,
    private readonly pool: Pool,
    readonly random: Random,
    withAssignments = false,
  ) {
    this.statements = new RandomStatements(random, this.model, this.modelWorkers, withAssignments);
  }

  async both(one: Both): Promise<void> {
    // A separate millisecond: runs that become due within the same one are ordered in PostgreSQL, but not in the model.
    await delay(2);
    const [expected, found] = [await this.askReal(this.pool, one), this.askModel(one.name, one.values)];
    this.compare(one.name, expected, found);
  }

  compare(name: string, expected: Outcome, found: Outcome): void {
    expect({ name, ...this.plain(found, this.modelWorkers) }).toEqual({
      name,
      ...this.plain(expected, this.realWorkers),
    });
  }

  async askReal(client: Pool | PoolClient, { name, values, text }: Both): Promise<Outcome> {
    try {
      const asked = text === undefined ? statement(name) : { name, text };
      const { rows } = await client.query({ ...asked, values: [...values(this.realWorkers)] });
      if (name === 'register-worker') this.realWorkers.push((rows[0] as { worker_id: string }).worker_id);
      return { rows };
    } catch (error) {
      return { code: (error as { code: string }).code };
    }
  }

  askModel(name: string, values: Both['values']): Outcome {
    try {
      const rows = this.model.execute(name, values(this.modelWorkers));
      if (name === 'register-worker') this.modelWorkers.push((rows[0] as { worker_id: string }).worker_id);
      return { rows };
    } catch (error) {
      return { code: (error as { code: string }).code };
    }
  }

  /** Normalizes an outcome: without current times, with numbered worker ids, and sorted. */
  plain(outcome: Outcome, workers: readonly string[]): Outcome {
    if ('code' in outcome) return outcome;
    const text = JSON.stringify(outcome.rows, (key, value: unknown) => {
      if (NOW.has(key)) return 'now';
      if (key === 'place' && this.statements.isTied) return 'either';
      if (typeof value === 'string' && workers.includes(value)) return `worker ${workers.indexOf(value)}`;
      // The statement does not define the order.
      if (key === 'begun') return (value as readonly unknown[]).map((one) => JSON.stringify(sorted(one))).sort();
      return value;
    });
    const rows = JSON.parse(text) as unknown;
    return { rows: Array.isArray(rows) ? rows.map((row) => JSON.stringify(sorted(row))).sort() : rows };
  }

  /** Simulates elapsed time for a worker: its lease, and the time since which it is steady. */
  async age(): Promise<void> {
    const { random, model } = this;
    if (this.modelWorkers.length === 0) return;
    const worker = random.int(0, this.modelWorkers.length - 1);
    // Never exactly to the end of a lease: the model's clock lacks the microseconds that decide between before and after.
    const ms = random.pick([HOUR / 4, HOUR, 1.5 * HOUR, 3 * HOUR]) + MINUTE;
    const back = (time: string): string => `${time} = ${time} - $2 * interval '1 millisecond'`;
    await this.database.sql(
      `update pack_runs.workers set ${['lease_until', 'renewed_at', 'steady_since'].map(back).join()} where worker_id = $1`,
      [this.realWorkers[worker], ms],
    );
    const cell = model.tables.workers.cell(this.modelWorkers[worker] ?? '');
    const row = cell?.latest;
    if (!cell || !row) return;
    const { lease_until, renewed_at, steady_since } = row;
    const aged = { lease_until: lease_until - ms, renewed_at: renewed_at - ms, steady_since: steady_since - ms };
    cell.versions = [{ commit: 0, row: { ...row, ...aged } }];
  }

  /** Simulates a worker that was swept. */
  async die(): Promise<void> {
    const worker = this.random.int(0, Math.max(0, this.modelWorkers.length - 1));
    await this.database.sql(`update pack_runs.workers set state = 'dead' where worker_id = $1`, [
      this.realWorkers[worker],
    ]);
    const cell = this.model.tables.workers.cell(this.modelWorkers[worker] ?? '');
    if (cell?.latest) cell.versions = [{ commit: 0, row: { ...cell.latest, state: 'dead' } }];
  }

  /** Compares every table that a statement writes, row by row. */
  async compareTables(): Promise<void> {
    const { tables } = this.model;
    const all: readonly [string, readonly object[], string][] = [
      ['pack_runs.runs', tables.runs.rows(), RUN_COLUMNS],
      [
        'pack_runs.steps',
        tables.steps.rows(),
        'tenant_id, run_id, parent, place, step, kind, status, reason, attempts, error, reused_from::text',
      ],
      [
        'pack_runs.gates',
        tables.gates.rows(),
        'tenant_id, run_id, gate, state, approvals, required, counted, gate_digest',
      ],
      ['pack_runs.inbox', tables.inbox.rows(), 'tenant_id, run_id, position, dedupe, given::text, envelope::text'],
      [
        'pack_runs.decisions',
        tables.decisions.rows(),
        'tenant_id, run_id, gate, decision_id, decision, iss, sub, name, decided_ms',
      ],
      [
        'pack_runs.resolutions',
        tables.resolutions.rows(),
        'tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms',
      ],
      ['pack_runs.outbox', tables.outbox.rows(), 'tenant_id, run_id, kind, body::text, stream, place'],
      [
        'pack_runs.assignments',
        tables.assignments.rows(),
        'tenant_id, run_id, name, owner, fence, left_over, step, first_index, last_index, stops, mac, body',
      ],
      ['pack_runs.executions', tables.executions.rows(), 'tenant_id, run_id, name, step, execution, fence, answered'],
      ['pack_runs.audit_heads', tables.audit.rows(), 'tenant_id, seq'],
      ['pack_run_logs.journal', tables.journal.rows(), 'tenant_id, run_id, first_seq, fence, hash, mac, content'],
      [
        'pack_run_logs.chunks',
        tables.chunks.rows(),
        'tenant_id, run_id, step, attempt, execution, chunk, data, lines, sha256',
      ],
      ['pack_run_logs.places', tables.places.rows(), 'tenant_id, run_id, last_line, lines, step, execution, chunk'],
      [
        'pack_artifacts.artifacts',
        tables.artifacts.rows(),
        'tenant_id, run_id, step, execution, name, path, digest, size',
      ],
    ];
    for (const [name, rows, columns] of all) {
      const { rows: real } = await this.pool.query<Record<string, unknown>>(`select ${columns} from ${name}`);
      const names = columns.split(', ').map((column) => column.replace(/::text$|^.* as /g, ''));
      const found = rows.map((row) => Object.fromEntries(names.map((key) => [key, shown(key, row)])));
      this.compare(name, { rows: real }, { rows: found });
    }
    const states = await this.pool.query<{ worker_id: string; state: string }>(
      'select worker_id, state from pack_runs.workers',
    );
    const workers = tables.workers.rows().map(({ worker_id, state }) => ({ worker_id, state }));
    this.compare('workers', { rows: states.rows }, { rows: workers });
  }

  async clear(): Promise<void> {
    const tables = EMPTIED.map((table) => (table.includes('.') ? table : `pack_runs.${table}`));
    await this.pool.query(tables.map((table) => `delete from ${table}`).join(';'));
  }
}

const NOW = new Set(['at_ms', 'waited_ms', 'committed_ms', 'posted_ms', 'opened_ms', 'ended_ms', 'last_renewed']);
const EMPTIED = [
  ...'assignments executions runs submissions run_labels plans profiles workers steps gates decisions resolutions inbox outbox'.split(
    ' ',
  ),
  ...'audit audit_heads pack_run_logs.journal pack_run_logs.chunks pack_run_logs.places'.split(' '),
  'pack_artifacts.artifacts',
];
const RUN_COLUMNS = `tenant_id, run_id, owner, fence, inbox_seq, cancel_position, refused_position, last_decided_ms, started_ms, finished_ms, crashes, alone_fence, claim_seq, evidence_status, status, last_seq, snapshot_seq, seen, last_line, version, head, waits::text, error::text, unplaced, due_at is null as parked, due_at > now() as later`;

/** A cell of the model in the format of PostgreSQL. */
function shown(column: string, row: object): unknown {
  const run = row as RunRow;
  if (column === 'parked') return run.due_at === null;
  if (column === 'later') return run.due_at === null ? null : run.due_at > Date.now();
  const value = (row as Record<string, unknown>)[column] ?? null;
  return column === 'error' && 'step' in row && typeof value === 'string' ? JSON.parse(value) : value;
}

function sorted(row: unknown): unknown {
  if (row === null || typeof row !== 'object' || Array.isArray(row)) return row;
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
