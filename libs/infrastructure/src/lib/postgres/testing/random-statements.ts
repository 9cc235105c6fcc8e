import type { Random } from '@taskrunner/core/testing';
import { sha256 } from '@taskrunner/core/canonical';
import { toRunId } from '@taskrunner/core/foundation';
import type { TenantId } from '@taskrunner/core/foundation';
import { createValues } from '../encoding/create-values';
import { aNewRun, anEnvelope, ENVIRONMENT_DIGEST } from './builders';
import type { ModelDatabase } from '../../../testing/model/model-database';
import { runKey, type AssignmentRow, type RunRow } from '../../../testing/model/rows';
import { nearly, RandomCommits, type Both } from './random-commits';

const HOUR = 60 * 60_000;

const tenants = ['acme', 'bravo'];
const runs = Array.from({ length: 5 }, (_, i) => ({
  tenant: tenants[i % 2] ?? '',
  uuid: `${Date.now().toString(16).padStart(12, '0').slice(0, 8)}-${Date.now().toString(16).padStart(12, '0').slice(8)}-7000-8000-00000000000${i}`,
}));

const CHANGING =
  'flush claim-runs release-run begin-isolated mark-run-poisoned halt-run post-message decide-gate resolve-attention retire-worker unclaim-lost append-audit claim-assignment begin-executions post-report release-assignment'.split(
    ' ',
  );

/** Random statements for the current state of the model: mostly valid, often slightly invalid. */
export class RandomStatements {
  private numbers = 0;
  private tied = false;
  private readonly commits: RandomCommits;

  constructor(
    private readonly random: Random,
    private readonly model: ModelDatabase,
    private readonly modelWorkers: readonly string[],
    /** True if most statements are about assignments. */
    private readonly withAssignments: boolean,
  ) {
    this.commits = new RandomCommits(random, model, withAssignments, () => ++this.numbers);
  }

  /** True if several runs were due at the same time at the last claim. Their order is not defined. */
  get isTied(): boolean {
    return this.tied;
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
    const fence = nearly(random, one.fence);
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
      () => this.commits.flush(known),
      () => this.commits.flush(known),
      () => this.commits.flush(known),
      () => this.commits.flush(known),
      () => ({ name: 'run-positions', values: of([known.map((r) => r.tenant_id), known.map((r) => r.run_id)]) }),
      () => ({ name: 'renew-lease', values: ofWorker([random.pick([1_000, 60_000])]) }),
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
    if (assigned.length === 0) return this.commits.flush(about ? [about] : owned);
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
      () => this.commits.flush(about ? [about] : owned),
      () => this.commits.flush(about ? [about] : owned),
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
    const said = nearly(random, fence);
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

  /** If several runs are due at the same time, any order is valid. All of them are then claimed. */
  private free(): number {
    const due = this.model.tables.runs.rows().map(({ due_at }) => Math.round(due_at ?? -Math.random()));
    this.tied = new Set(due).size < due.length;
    return !this.tied && this.random.chance(0.5) ? this.random.int(1, 3) : 50;
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
      return [run.tenant_id, run.run_id, nearly(random, run.fence), ...place, 1, 1, index * 3, 3];
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
        nearly(random, fence),
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
}

function person(sub: string): string {
  return JSON.stringify(['iss', sub]);
}
