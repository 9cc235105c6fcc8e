import { setTimeout as delay } from 'node:timers/promises';
import { Random, searched } from '@taskrunner/core/testing';
import { sha256 } from '@taskrunner/core/canonical';
import { toRunId } from '@taskrunner/core/foundation';
import type { StepId, TenantId } from '@taskrunner/core/foundation';
import type { AssignmentChanges, ClaimedRun, Commit, GateChange, StepRow } from '@taskrunner/core/ports';
import type { Pool, PoolClient } from 'pg';
import { startEmbeddedPostgres } from '../lib/embedded-postgres/embedded-postgres';
import { openPool } from '../lib/postgres/connection/connection';
import { flushOf } from '../lib/postgres/flush/flush-statement';
import { flushPart } from '../lib/postgres/flush/flush-values';
import { createValues } from '../lib/postgres/encoding/create-values';
import { statement } from '../lib/postgres/connection/statement';
import {
  aCommit,
  aNewRun,
  anAnnouncement,
  anEnvelope,
  aStep,
  ENVIRONMENT_DIGEST,
} from '../lib/postgres/testing/builders';
import { startTestServer } from '../lib/postgres/testing/test-database';
import type { TestDatabase, TestServer } from '../lib/postgres/testing/test-database';
import { ModelDatabase, type Running } from './model/model-database';
import { runKey, type AssignmentRow, type RunRow } from './model/rows';

// Validates the model. The same statements, sequential and concurrent, must yield the same rows, errors and tables in the model and in
// PostgreSQL.

const SEQUENCES = searched(5, 200);
const STATEMENTS = 30;
const PAIRS = searched(30, 1_000);
/** Number of additional pairs of statements about assignments. */
const FAN_OUT_PAIRS = searched(30, 1_000);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ELAPSED = 1_000;
const FUTURE = 4_000_000_000_000;

let host: TestServer;
let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  pool = openPool(database.url('admin'), { max: 4 });
});
afterAll(async () => {
  await pool.end();
  await host.stop();
});

/** A statement for both databases. Worker ids differ between them. */
interface Both {
  readonly name: string;
  readonly values: (workerIds: readonly string[]) => readonly unknown[];
  /** Not set: the text of the file with this name. */
  readonly text?: string;
}

type Outcome = { readonly rows: unknown } | { readonly code: string };

const tenants = ['acme', 'bravo'];
const runs = Array.from({ length: 5 }, (_, i) => ({
  tenant: tenants[i % 2] ?? '',
  uuid: `${Date.now().toString(16).padStart(12, '0').slice(0, 8)}-${Date.now().toString(16).padStart(12, '0').slice(8)}-7000-8000-00000000000${i}`,
}));

/** Both databases, and the statements that are sent to them. */
class Sides {
  readonly model = new ModelDatabase(() => Date.now());
  readonly modelWorkers: string[] = [];
  readonly realWorkers: string[] = [];
  private numbers = 0;
  /** True if several runs were due at the same time at the last claim. Their order is not defined. */
  private tied = false;

  constructor(
    readonly random: Random,
    /** True if most statements are about assignments. */
    private readonly withAssignments = false,
  ) {}

  async both(one: Both): Promise<void> {
    // A separate millisecond: runs that become due within the same one are ordered in PostgreSQL, but not in the model.
    await delay(2);
    const [expected, found] = [await this.askReal(pool, one), this.askModel(one.name, one.values)];
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
      if (key === 'place' && this.tied) return 'either';
      if (typeof value === 'string' && workers.includes(value)) return `worker ${workers.indexOf(value)}`;
      // The statement does not define the order.
      if (key === 'begun') return (value as readonly unknown[]).map((one) => JSON.stringify(sorted(one))).sort();
      return value;
    });
    const rows = JSON.parse(text) as unknown;
    return { rows: Array.isArray(rows) ? rows.map((row) => JSON.stringify(sorted(row))).sort() : rows };
  }

  /** True if there are enough workers and runs. */
  get isPeopled(): boolean {
    return this.model.tables.runs.rows().length >= 3 && this.modelWorkers.length >= 2;
  }

  /** A random statement for the model's current state: mostly valid, often slightly invalid. */
  next(about: RunRow | null = null): Both {
    const { random } = this;
    const all = this.model.tables.runs.rows();
    const known = about ? [about] : all;
    if (all.length < 3 || (!about && random.chance(0.05))) return this.create();
    if (this.modelWorkers.length < 2) return this.register();
    if (this.withAssignments && random.chance(0.6)) return this.nextAssigned(about);
    const one = random.pick(known);
    const key = [one.tenant_id, one.run_id];
    const fence = this.nearly(one.fence);
    const worker = random.int(0, this.modelWorkers.length - 1);
    const of =
      (values: readonly unknown[]): Both['values'] =>
      () =>
        values;
    const ofWorker =
      (more: readonly unknown[] = []): Both['values'] =>
      (ids) => [ids[worker], ...more];
    const number = ++this.numbers;
    const gate = random.pick(['g1', 'g2']);
    const claim = this.claimRuns(worker);
    const choices: readonly (() => Both)[] = [
      () => claim,
      () => claim,
      () => this.flush(known),
      () => this.flush(known),
      () => this.flush(known),
      () => this.flush(known),
      () => ({ name: 'run-positions', values: of([known.map((r) => r.tenant_id), known.map((r) => r.run_id)]) }),
      () => ({ name: 'renew-lease', values: ofWorker() }),
      () => ({ name: 'mark-dead', values: ofWorker() }),
      () => ({ name: 'free-runs', values: of([random.pick([2, 3])]) }),
      () => ({ name: 'forget-dead', values: of([]) }),
      () => ({ name: 'inbox-positions', values: ofWorker() }),
      () => ({ name: 'read-pages', values: of([...key, random.int(0, 4), random.pick([null, 1, 2])]) }),
      () => ({ name: 'read-inbox', values: of([...key, random.int(0, 2)]) }),
      () => ({ name: 'run-rows', values: of(key) }),
      () => ({ name: 'release-run', values: of([...key, fence, random.pick([null, '[]'])]) }),
      () => ({ name: 'unclaim-lost', values: ofWorker([[random.int(1, 4)]]) }),
      () => ({ name: 'retire-worker', values: ofWorker() }),
      () => ({ name: 'begin-isolated', values: of([...key, fence]) }),
      () => ({ name: 'mark-run-poisoned', values: of([...key, fence, random.pick([2, 20])]) }),
      () => ({ name: 'read-admission', values: of(key) }),
      () => ({ name: 'halt-run', values: of([...key, fence, '{"code":"X"}', '{"type":"run.halted"}']) }),
      () => this.post(key),
      () => this.post(key),
      () => this.decide(one, gate, number),
      () => this.decide(one, gate, number),
      () => this.decide(one, gate, number),
      () => ({ name: 'run-gates', values: of([...key, [gate]]) }),
      () => ({
        name: 'explain-decision',
        values: of([...key, gate, `d${random.int(1, number)}`, person('p1'), 'iss', 'p1']),
      }),
      () => ({ name: 'resolve-attention', values: of(this.resolution(key, number)) }),
      () => ({ name: 'explain-resolution', values: of([...key, 's1', random.int(1, 2), '']) }),
      () => this.append(known),
      () => ({ name: 'read-chunks', values: of([...key, random.int(0, 6), random.int(1, 5)]) }),
      () => ({ name: 'append-audit', values: of([one.tenant_id, '{"type":"x"}']) }),
    ];
    return random.pick(choices)();
  }

  private claimRuns(worker: number): Both {
    const values = [this.free(), this.random.pick(['', 'acme', 'bravo']), this.random.int(1, 4), [], []];
    return { name: 'claim-runs', values: (ids) => [ids[worker], ...values] };
  }

  /** A random statement about assignments. */
  private nextAssigned(about: RunRow | null): Both {
    const { random, model } = this;
    const ofRun = about ? runKey(about.tenant_id, about.run_id) : undefined;
    const assigned = model.tables.assignments.rows(ofRun);
    const owned = model.tables.runs.rows().filter(({ owner }) => owner !== null);
    const worker = random.int(0, this.modelWorkers.length - 1);
    const tenant = random.pick(['', 'acme', 'bravo']);
    const claim: Both = { name: 'claim-assignment', values: (ids) => [ids[worker], tenant] };
    // Assignments are created by workers that drive a run.
    if (owned.length === 0) return this.claimRuns(worker);
    if (assigned.length === 0) return this.flush(about ? [about] : owned);
    const held = assigned.filter(({ owner }) => owner !== null);
    const one = random.pick(held.length > 0 && random.chance(0.8) ? held : assigned);
    const key = this.holdOf(one);
    const ofOne =
      (...more: readonly unknown[]): Both['values'] =>
      (ids) => [...key(ids), ...more];
    const steps = ['x1', 'x2', 'x3'].filter(() => random.chance(0.5));
    const executions = steps.map(() => random.int(1, 2));
    const choices: readonly (() => Both)[] = [
      () => claim,
      () => claim,
      () => this.flush(about ? [about] : owned),
      () => this.flush(about ? [about] : owned),
      () => ({ name: 'begin-executions', values: ofOne(steps, executions) }),
      () => ({ name: 'begin-executions', values: ofOne(steps, executions) }),
      () => ({
        name: 'post-report',
        values: ofOne(`letter ${random.int(1, 9)}`, '{}', steps, executions, random.chance(0.05)),
      }),
      () => ({ name: 'release-assignment', values: ofOne() }),
      () => ({ name: 'assignment-statuses', values: (ids) => [ids[worker]] }),
      () => ({ name: 'other-workers', values: (ids) => [ids[worker]] }),
      () => ({ name: 'free-assignments', values: () => [] }),
      () => ({ name: 'forget-dead', values: () => [] }),
      () => ({ name: 'assigned-run', values: () => [one.tenant_id, one.run_id] }),
      () => this.appendAssigned(assigned),
    ];
    return random.pick(choices)();
  }

  /** The holder of an assignment, mostly the real one. */
  private holdOf({ tenant_id, run_id, name, fence, owner }: AssignmentRow): Both['values'] {
    const { random, modelWorkers } = this;
    const holder = random.chance(0.9) ? modelWorkers.indexOf(owner ?? '') : -1;
    const worker = holder < 0 ? random.int(0, modelWorkers.length - 1) : holder;
    const said = this.nearly(fence);
    return (ids) => [tenant_id, run_id, name, said, ids[worker]];
  }

  /** Two statements that change the same run if they are valid. */
  nextPair(): readonly [Both, Both] {
    const { runs: all, assignments } = this.model.tables;
    const withAssignments = all.rows().filter((run) => assignments.rows(runKey(run.tenant_id, run.run_id)).length > 0);
    const about = this.random.pick(this.withAssignments && withAssignments.length > 0 ? withAssignments : all.rows());
    const one = (): Both => {
      for (;;) {
        const made = this.withAssignments ? this.nextAssigned(about) : this.next(about);
        // The name of a flush includes its parts.
        if (CHANGING.includes(made.name.split(' ')[0] ?? '')) return made;
      }
    };
    return [one(), one()];
  }

  create(): Both {
    const left = runs.filter(({ tenant, uuid }) => !this.model.tables.runs.cell(runKey(tenant, uuid)));
    const { tenant, uuid } = this.random.pick(left.length > 0 ? left : runs);
    const run = aNewRun(toRunId(uuid), Date.now(), {
      tenant: tenant as TenantId,
      planHash: sha256(uuid),
      sensitive: [],
    });
    return { name: 'create-runs', values: () => createValues(run.tenant, [run]) };
  }

  register(): Both {
    const environments = [Buffer.from(ENVIRONMENT_DIGEST.slice(7), 'hex')];
    const values = ['w', '1', 'b', 'p', 'none/v1 bwrap-netns/v1', environments, [], HOUR, 16];
    return { name: 'register-worker', values: () => values };
  }

  /** Simulates elapsed time for a worker: its lease, and the time since which it is steady. */
  async age(): Promise<void> {
    const { random, model } = this;
    if (this.modelWorkers.length === 0) return;
    const worker = random.int(0, this.modelWorkers.length - 1);
    // Never exactly to the end of a lease: the model's clock lacks the microseconds that decide between before and after.
    const ms = random.pick([HOUR / 4, HOUR, 1.5 * HOUR, 3 * HOUR]) + MINUTE;
    const back = (time: string): string => `${time} = ${time} - $2 * interval '1 millisecond'`;
    await database.sql(
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
    await database.sql(`update pack_runs.workers set state = 'dead' where worker_id = $1`, [this.realWorkers[worker]]);
    const cell = this.model.tables.workers.cell(this.modelWorkers[worker] ?? '');
    if (cell?.latest) cell.versions = [{ commit: 0, row: { ...cell.latest, state: 'dead' } }];
  }

  /** If several runs are due at the same time, any order is valid. All of them are then claimed. */
  private free(): number {
    const due = this.model.tables.runs.rows().map(({ due_at }) => Math.round(due_at ?? -Math.random()));
    this.tied = new Set(due).size < due.length;
    return !this.tied && this.random.chance(0.5) ? this.random.int(1, 3) : 50;
  }

  private nearly(number: number): number {
    return this.random.chance(0.85) ? number : number + this.random.pick([-1, 1]);
  }

  private post(key: readonly string[]): Both {
    const cancels = this.random.chance(0.2);
    const values = [...key, `key ${this.random.int(1, 9)}`, '{"type":"time.reached"}', cancels];
    return { name: 'post-message', values: () => values };
  }

  private decide({ tenant_id, run_id, last_decided_ms }: RunRow, gate: string, number: number): Both {
    const { random } = this;
    const sub = random.pick(['p1', 'p2', 'p3']);
    const persons = random.chance(0.2) ? `${person(sub)}\u001f${person('p3')}` : person(sub);
    const values = [
      ...[tenant_id, run_id, gate, `d${number}`],
      ...[random.pick(['approved', 'approved', 'approved', 'withdrawn', 'rejected']), person(sub), persons, 'iss', sub],
      ...[last_decided_ms + random.pick([0, 1, 1, 5]), JSON.stringify(anEnvelope(`d${number}`)), sha256(`d${number}`)],
      ...[null, '{"type":"gate.decided"}', '{"type":"gate.decision"}', `${sub} by name`],
      random.pick([null, null, last_decided_ms, last_decided_ms - 1]),
    ];
    return { name: 'decide-gate', values: () => values };
  }

  private resolution(key: readonly string[], number: number): readonly unknown[] {
    const { random } = this;
    return [
      ...[...key, 's1', random.int(1, 2), 'succeeded', 'iss', random.pick(['p1', 'p2'])],
      ...[10_000 + number, JSON.stringify(anEnvelope(`r${number}`)), sha256(`r${number}`)],
      ...['{"type":"attention.resolved"}', null, '{"type":"attention.resolution"}', ''],
    ];
  }

  private append(known: readonly RunRow[]): Both {
    const { random } = this;
    // The chunks differ, because the order of equal ones in a statement is not defined.
    const chunks = ['s1', 's2'].map((step, index) => {
      const run = random.pick(known);
      const place = [step, random.int(1, 2), random.int(0, 3)];
      return [run.tenant_id, run.run_id, this.nearly(run.fence), ...place, 1, 1, index * 3, 3];
    });
    const columns = Array.from({ length: 10 }, (_, i) => chunks.map((chunk) => chunk[i]));
    const texts = chunks.map(() => Buffer.from(`i${random.int(0, 9)}\n`));
    const digests = texts.map((text) => Buffer.from(sha256(text).slice(7), 'hex'));
    const attempts = chunks.map(() => random.int(1, 2));
    return {
      name: 'append-chunks',
      values: () => [...columns, Buffer.concat(texts), Buffer.concat(digests), attempts],
    };
  }

  private appendAssigned(known: readonly AssignmentRow[]): Both {
    const { random } = this;
    const assigned = ['x1', 'x2'].map((step, index) => {
      const { tenant_id, run_id, name, fence } = random.pick(known);
      const chunk = [
        tenant_id,
        run_id,
        this.nearly(fence),
        step,
        random.int(1, 2),
        random.int(0, 3),
        1,
        1,
        index * 3,
        3,
      ];
      return { name, chunk, text: Buffer.from(`i${random.int(0, 9)}\n`) };
    });
    const columns = Array.from({ length: 10 }, (_, i) => assigned.map(({ chunk }) => chunk[i]));
    const texts = assigned.map(({ text }) => text);
    const digests = texts.map((text) => Buffer.from(sha256(text).slice(7), 'hex'));
    const bytes = [Buffer.concat(texts), Buffer.concat(digests), assigned.map(() => random.int(1, 2))];
    return { name: 'append-assigned-chunks', values: () => [...columns, ...bytes, assigned.map(({ name }) => name)] };
  }

  /** Changes of a commit to the assignments of its run, one kind at a time. */
  private assignmentChanges(run: RunRow): AssignmentChanges {
    const { random } = this;
    const name = random.pick(['a1', 'a1', 'a1', 'a2']);
    const key = runKey(run.tenant_id, run.run_id);
    const isThere = this.model.tables.assignments.cell(`${key}/${name}`)?.latest;
    const nothing: AssignmentChanges = { dispatched: [], revoked: [], settled: [] };
    if (!isThere || random.chance(0.05)) {
      const mac = sha256(name).slice(7);
      return {
        ...nothing,
        dispatched: [{ name, step: 'm' as StepId, first: 0, last: 2, items: random.int(1, 3), body: name, mac }],
      };
    }
    if (random.chance(0.3)) return { ...nothing, settled: [name] };
    const steps = ['x1', 'x2', 'x3'].filter(() => random.chance(0.4)) as StepId[];
    return { ...nothing, revoked: steps.length > 0 ? [{ name, steps }] : [] };
  }

  private flush(known: readonly RunRow[]): Both {
    const { random } = this;
    const owned = known.filter(({ owner }) => owner !== null);
    const from = owned.length > 0 && random.chance(0.9) ? owned : known;
    const chosen = from.filter(() => random.chance(0.6));
    const order = [...(chosen.length > 0 ? chosen : [random.pick(from)])].sort((a, b) =>
      runKey(a.tenant_id, a.run_id) < runKey(b.tenant_id, b.run_id) ? -1 : 1,
    );
    // Only one of them dispatches, because assignments of the same time may be claimed in any order.
    const busiest = random.pick(order);
    const commits = order.map((run) => this.commit(run, this.withAssignments && run === busiest));
    const { name, values, text } = flushOf(commits.map(flushPart));
    return { name, values: () => values, text };
  }

  private commit(run: RunRow, withAssignments: boolean): Commit {
    const { random } = this;
    const gates: GateChange[] = [];
    if (random.chance(0.4)) {
      const gate = random.pick(['g1', 'g2']);
      const isThere = this.model.tables.gates.cell(`${runKey(run.tenant_id, run.run_id)}/${gate}`);
      if (!isThere || random.chance(0.05))
        gates.push({
          ...{ kind: 'opened', gate, approval: 'a', gateDigest: sha256(gate), request: { gate }, show: null },
          ...{ required: random.int(1, 2), expiresAt: random.chance(0.85) ? FUTURE : ELAPSED },
        });
      else gates.push({ kind: 'ended', gate, outcome: random.pick(['expired', 'closed']) });
    }
    const step = (name: string, place: number): StepRow =>
      random.chance(0.3)
        ? aStep(name, { place, status: 'needs_attention', error: { execution: random.int(1, 2) } })
        : aStep(name, { place, status: random.pick(['running', 'succeeded', 'failed']) });
    const ends = random.chance(0.05);
    const releases = ends || random.chance(0.2);
    const lines = random.chance(0.3) ? random.int(1, 3) : 0;
    const claimed = { tenant: run.tenant_id, runId: toRunId(run.run_id), fence: this.nearly(run.fence) } as ClaimedRun;
    const position = { prevSeq: this.nearly(run.last_seq), prev: sha256('x'), seen: 0 };
    return aCommit(claimed, position, {
      entries: random.int(1, 3),
      seen: random.chance(0.7) ? run.inbox_seq : run.seen,
      closes: releases || random.chance(0.1),
      releases,
      isSnapshot: random.chance(0.2),
      dueAt: ends ? null : random.pick([null, ELAPSED + random.int(0, 9_999), FUTURE]),
      gates,
      steps: [...(random.chance(0.7) ? [step('s1', 0)] : []), ...(random.chance(0.3) ? [step('s2', 1)] : [])],
      chunks: lines > 0 ? [{ step: 's1', execution: 1, chunk: random.int(0, 3), firstLine: run.last_line + 1 }] : [],
      ...(withAssignments ? { assignments: this.assignmentChanges(run) } : {}),
      artifacts: random.chance(0.1)
        ? [{ step: 's1', execution: 1, name: 'a', path: 'a', digest: sha256('a'), size: 1, mediaType: 'text/plain' }]
        : [],
      outbox: [
        ...(ends ? [{ kind: 'attest', body: { a: 1 } } as const] : []),
        ...(random.chance(0.1) ? [anAnnouncement(++this.numbers)] : []),
      ],
      run: {
        ...{ lastLine: run.last_line + lines, progressed: random.chance(0.5) },
        status: ends
          ? random.pick(['succeeded', 'failed', 'cancelled'])
          : random.pick(['running', 'waiting', 'cancelling']),
        finishedAt: ends ? 5 : null,
      },
    });
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
      const { rows: real } = await pool.query<Record<string, unknown>>(`select ${columns} from ${name}`);
      const names = columns.split(', ').map((column) => column.replace(/::text$|^.* as /g, ''));
      const found = rows.map((row) => Object.fromEntries(names.map((key) => [key, shown(key, row)])));
      this.compare(name, { rows: real }, { rows: found });
    }
    const states = await pool.query<{ worker_id: string; state: string }>(
      'select worker_id, state from pack_runs.workers',
    );
    const workers = tables.workers.rows().map(({ worker_id, state }) => ({ worker_id, state }));
    this.compare('workers', { rows: states.rows }, { rows: workers });
  }

  async clear(): Promise<void> {
    const tables = EMPTIED.map((table) => (table.includes('.') ? table : `pack_runs.${table}`));
    await pool.query(tables.map((table) => `delete from ${table}`).join(';'));
  }
}

const CHANGING =
  'flush claim-runs release-run begin-isolated mark-run-poisoned halt-run post-message decide-gate resolve-attention retire-worker unclaim-lost append-audit claim-assignment begin-executions post-report release-assignment'.split(
    ' ',
  );
/** Statements that skip locked rows. */
const PASSING = ['claim-runs', 'claim-assignment'];
const NOW = new Set(['at_ms', 'waited_ms', 'committed_ms', 'posted_ms', 'opened_ms', 'ended_ms', 'last_renewed']);
const EMPTIED = [
  ...'assignments executions runs run_sources run_labels plans profiles workers steps gates decisions resolutions inbox outbox'.split(
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

function person(sub: string): string {
  return JSON.stringify(['iss', sub]);
}

function sorted(row: unknown): unknown {
  if (row === null || typeof row !== 'object' || Array.isArray(row)) return row;
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('the model of the database', () => {
  it.each([
    ['statements', false],
    ['statements about assignments', true],
  ])(
    `does what PostgreSQL does, in ${SEQUENCES} sequences of %s`,
    async (_, withAssignments) => {
      for (let seed = 1; seed <= SEQUENCES; seed++) {
        const sides = new Sides(new Random(seed), withAssignments);
        await sides.clear();
        for (let i = 0; i < (withAssignments ? 2 * STATEMENTS : STATEMENTS); i++) {
          if (sides.random.chance(0.1)) await sides.age();
          if (withAssignments && sides.random.chance(0.05)) await sides.die();
          await sides.both(sides.next());
        }
        await sides.compareTables();
      }
    },
    900_000,
  );

  it.each([
    [PAIRS, 'statements', false],
    [FAN_OUT_PAIRS, 'statements about assignments', true],
  ])(
    `does what PostgreSQL does where %i %s stand in each other's way`,
    async (pairs, _, withAssignments) => {
      let blocked = 0;
      const [first, second] = [await pool.connect(), await pool.connect()];
      try {
        for (let seed = 1; seed <= pairs; seed++) {
          const sides = new Sides(new Random(1_000 + seed), withAssignments);
          await sides.clear();
          for (let i = 0; i < (withAssignments ? 20 : 12) || !sides.isPeopled; i++) await sides.both(sides.next());
          blocked += await playPair(sides, first, second);
          await sides.compareTables();
        }
      } finally {
        first.release(true);
        second.release(true);
      }
      expect(blocked).toBeGreaterThan(pairs / 20);
    },
    900_000,
  );
});

/** Executes one statement without its commit while another begins. Returns 1 if the other had to wait. */
async function playPair(sides: Sides, first: PoolClient, second: PoolClient): Promise<number> {
  const [one, other] = sides.nextPair();
  const commits = sides.random.chance(0.8);
  const { model } = sides;
  const running = model.begin(one.name, one.values(sides.modelWorkers));
  const found = goOn(running);
  await first.query('begin');
  const expected = await sides.askReal(first, one);
  sides.compare(one.name, expected, found ?? { rows: 'waits for nobody' });
  // A statement that changed nothing may or may not have locked the rows that it read, depending on the query plan. A claim skips locked
  // rows.
  if (!changes(expected) && PASSING.includes(other.name)) {
    model.commit(running);
    await first.query('commit');
    return 0;
  }

  const behind = model.begin(other.name, other.values(sides.modelWorkers));
  const early = goOn(behind);
  let answered = false;
  const answer = sides.askReal(second, other).then((outcome) => {
    answered = true;
    return outcome;
  });
  await untilAnsweredOrBlocked(second, () => answered);
  const waits = !answered;
  if ('rows' in expected && commits) model.commit(running);
  else running.tx.abort();
  await first.query(commits ? 'commit' : 'rollback');
  const late = early ?? goOn(behind) ?? { rows: 'waits for ever' };
  if ('rows' in late) model.commit(behind);
  else behind.tx.abort();
  const behindIt = await answer;
  sides.compare(`${other.name} behind ${one.name}`, behindIt, late);
  // A statement that changed nothing may or may not have locked the rows that it read, depending on the query plan.
  if (changes(expected) && changes(behindIt))
    expect({ one: one.name, other: other.name, waits: early === null }).toEqual({
      ...{ one: one.name, other: other.name, waits },
    });
  return early === null ? 1 : 0;
}

function changes(outcome: Outcome): boolean {
  return 'rows' in outcome && (outcome.rows as unknown[]).length > 0;
}

/** Continues the execution until the statement ends, or waits for another one (null). */
function goOn({ execution }: Running): Outcome | null {
  try {
    for (;;) {
      const step = execution.next();
      if (step.done) return { rows: step.value };
      if (step.value && !step.value.over) return null;
    }
  } catch (error) {
    return { code: (error as { code: string }).code };
  }
}

async function untilAnsweredOrBlocked(client: PoolClient, answered: () => boolean): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  for (let round = 0; round < 2_000 && !answered(); round++) {
    const [row] = await database.sql<{ waits: boolean }>(
      `select wait_event_type = 'Lock' as waits from pg_stat_activity where pid = $1`,
      [processID],
    );
    if (row?.waits) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
