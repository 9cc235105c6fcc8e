import { canonical, digestOf, sha256 } from '@taskrunner/core/canonical';
import {
  toRunId,
  type Digest,
  type Json,
  type JsonObject,
  type RunId,
  type TenantId,
} from '@taskrunner/core/foundation';
import type { Environment, Plan, Profile } from '@taskrunner/core/plan';
import type { NewRun } from '@taskrunner/core/ports';
import { MACHINE_VERSION } from '@taskrunner/core/run';
import { ModelDatabase, type AssignmentRow, type Change, type PlantedBug } from '@taskrunner/infrastructure/testing';
import { aPlan, MemoryObjects, Random, testDefaults, testFloor } from '@taskrunner/core/testing';
import { EffectLog } from './children';
import { envelopeOf, INITIATOR, People } from './people';
import { Referee } from './referee';
import type { Disturbance, RunSpec, Scenario, Target } from './scenario';
import { Readers } from './readers';
import { Server, type Fate } from './server';
import { PROBE_MS, SimulatedWorker, type Surroundings } from './simulated-worker';
import { TroubledObjects } from './troubled-objects';
import type { WorkerHealth, Violation } from './verdict';
import { install, VirtualTime, type Process } from './virtual-time';

/** Rules that the harness itself disables, besides those of the model database. */
export type Bug =
  | PlantedBug
  | 'children-outlive-their-lease'
  | 'snapshots-forget-times'
  | 'steps-begin-without-a-store'
  | 'results-are-stored-once';

export interface Story {
  readonly violations: readonly Violation[];
  /** Virtual milliseconds until nothing happened any more. */
  readonly took: number;
  readonly statements: number;
  readonly ends: readonly string[];
  /** Executions that were assigned to other workers. */
  readonly assigned: number;
  /** Assignments whose holder was swept. */
  readonly swept: number;
  /** Decisions of people that counted. */
  readonly decided: number;
}

/** Time limit of a story, virtual milliseconds. */
const LIMIT_MS = 600_000;
/** Number of entries after which a snapshot is written: few, so that many claims resume from one. */
const SNAPSHOT_ENTRIES = 20;
/** Number and interval of polls for a worker that holds an assignment. */
const HOLDER_LOOKS = 40;
const HOLDER_LOOK_MS = 250;
/** Silence after which a worker's runs may be taken over. */
const SILENCE_MS = 15_000;

const environment: Environment = {
  ...{ schema: 'taskrunner.environment.v1', machine: MACHINE_VERSION, mode: 'open', isolation: 'none/v1' },
  ...{ limits: {}, approvals: { floor: testFloor }, packTrust: {}, engines: {}, executors: {}, extensions: {} },
};
const environmentText = canonical(environment as unknown as Json);
const profile: Profile = {
  ...{ schema: 'taskrunner.profile.v1', environment: sha256(environmentText), defaults: testDefaults },
  ...{ egress: [], secrets: [], images: {} },
};
const profileText = canonical(profile as unknown as Json);
const digests = {
  profileDigest: sha256(profileText),
  environmentDigest: sha256(environmentText),
  sourceDigest: digestOf('source'),
};

/** Plays one scenario from its beginning to the end of all its runs. The same scenario always gives the same story. */
export async function play(scenario: Scenario, bugs: ReadonlySet<Bug> = new Set()): Promise<Story> {
  return new World(scenario, bugs).play();
}

class World {
  private readonly random: Random;
  private readonly time: VirtualTime;
  private readonly database: ModelDatabase;
  private readonly server: Server;
  private readonly objects: TroubledObjects;
  private readonly referee: Referee;
  private readonly people: People;
  private readonly readers: Readers;
  /** By number; absent if one has not started yet. */
  private readonly workers: (SimulatedWorker | undefined)[] = [];
  /** All workers, by the rows of their sessions. */
  private readonly everyWorker: SimulatedWorker[] = [];
  private readonly lastSilent = new Map<Process, number>();
  private readonly cutOff = new Map<Process, number>();
  private readonly runIds = new Map<number, { tenant: TenantId; run: RunId }>();
  private readonly poisoned = new Set<string>();
  private readonly alarms: string[] = [];
  private readonly messages: { until: number; fate: Fate; rate: number }[] = [];
  private readonly surroundings: Surroundings;
  private statements = 0;
  private assigned = 0;
  private swept = 0;
  private names = 0;

  constructor(
    private readonly scenario: Scenario,
    bugs: ReadonlySet<Bug>,
  ) {
    this.random = new Random(scenario.seed ^ 0x5eed);
    this.time = new VirtualTime(new Random(scenario.seed ^ 0x7a17));
    const { time, random } = this;
    const onCommit = (name: string, changes: readonly Change[]): void => this.committed(name, changes);
    this.database = new ModelDatabase(() => time.now, bugs as ReadonlySet<PlantedBug>, onCommit);
    this.objects = new TroubledObjects(() => time.now, random);
    this.server = new Server(this.database, time, random, (client, name) => this.fateOf(client, name));
    this.referee = new Referee(
      () => time.now - time.start,
      (id) => this.healthOf(id),
      () => this.database,
    );
    const effects = new EffectLog((effect, others) => {
      this.referee.onEffect(effect, others);
      if (this.objects.refusesSince(PROBE_MS))
        this.referee.wrong(4, `${effect.run} ${effect.step} begins while its result could not be stored`);
    });
    this.referee.effects = effects.effects;
    this.people = new People(time, random, this.server);
    this.readers = new Readers(time, random, this.server, (what) => this.referee.wrong(7, what));
    this.surroundings = {
      ...{ time, random, server: this.server, effects, environment: environmentText },
      ...{ concurrency: scenario.concurrency, fanOut: scenario.fanOut },
      objects: bugs.has('snapshots-forget-times') ? new ForgetfulObjects() : this.objects,
      withoutStore: bugs.has('steps-begin-without-a-store'),
      withoutRetry: bugs.has('results-are-stored-once'),
      snapshotEntries: SNAPSHOT_ENTRIES,
      graceMs: scenario.graceMs,
      large: scenario.theme === 'store',
      withoutDeadline: bugs.has('children-outlive-their-lease'),
      watch: (committer) => this.referee.watch(committer),
      died: (worker) => this.replace(worker),
      alarm: (code, detail) => this.alarms.push(`${code} ${JSON.stringify(detail)}`),
    };
  }

  async play(): Promise<Story> {
    const { time, scenario } = this;
    const putBack = install(time);
    try {
      // Staggered, so that periodic tasks do not coincide forever.
      for (let i = 0; i < scenario.workers; i++)
        time.after(i === 0 ? 0 : this.random.int(0, 2_000), () => this.startWorker(i), null);
      for (const spec of scenario.runs) this.people.later(spec.at, () => this.submit(spec));
      for (const disturbance of scenario.disturbances)
        time.after(disturbance.at, () => this.disturb(disturbance), null);
      await time.run(time.start + LIMIT_MS, () => this.referee.violations.length > 0 || this.isOver());
    } finally {
      putBack();
    }
    if (this.referee.violations.length === 0) this.referee.atEnd(this.people.decisions, this.poisoned, this.alarms);
    if (this.referee.violations.length === 0) await this.readers.compare(this.database);
    const ends = this.database.tables.runs.rows().map(({ status, error }) => `${status} ${codeOf(error)}`.trim());
    const { violations } = this.referee;
    const { assigned, swept } = this;
    const decided = this.people.decisions.filter(({ answer }) => answer === 'counted').length;
    return { violations, took: time.now - time.start, statements: this.statements, ends, assigned, swept, decided };
  }

  private isOver(): boolean {
    const { scenario, database } = this;
    if (this.time.now - this.time.start < (scenario.disturbances.at(-1)?.at ?? 0)) return false;
    const rows = database.tables.runs.rows();
    return rows.length === scenario.runs.length && rows.every(({ status }) => TERMINAL.has(status));
  }

  private startWorker(place: number): void {
    const worker = new SimulatedWorker(`w${place}.${++this.names}`, this.surroundings);
    this.workers[place] = worker;
    this.everyWorker.push(worker);
    worker.start();
  }

  /** It has ended; a successor starts after a while. */
  private replace(worker: SimulatedWorker): void {
    const place = this.workers.indexOf(worker);
    if (!worker.alive || place < 0) return;
    worker.kill();
    this.time.after(this.random.int(300, 4_000), () => this.startWorker(place), null);
  }

  private async submit(spec: RunSpec): Promise<boolean> {
    const known = this.runIds.get(spec.number);
    const { at, runId } = known ? { at: this.time.now, runId: known.run } : await this.people.store.stamp();
    const tenant = spec.tenant as TenantId;
    this.runIds.set(spec.number, { tenant, run: runId });
    if (spec.poison) this.poisoned.add(runId);
    const created = await this.people.store.create(newRun(spec, runId, at));
    if (created.kind === 'created') this.readers.follow(tenant, runId);
    return created.kind === 'created';
  }

  private workerOf(target: Target): SimulatedWorker | undefined {
    if ('place' in target) return this.workers[target.place];
    const { runs, assignments } = this.database.tables;
    const run = this.runIds.get('of' in target ? target.of : target.holdingOf);
    const isOfRun = ({ run_id }: { readonly run_id: string }): boolean => toRunId(run_id) === run?.run;
    const driver = runs.rows(run?.tenant).find(isOfRun)?.owner ?? null;
    const owners =
      'of' in target
        ? [driver]
        : assignments
            .rows()
            .filter(isOfRun)
            .map(({ owner }) => owner);
    // Preferably one that executes for another.
    const owner = owners.find((one) => one !== null && one !== driver) ?? owners.find((one) => one !== null);
    return owner ? this.workers.find((worker) => worker?.workerSessions.at(-1) === owner) : undefined;
  }

  /** Disturbs a worker if it lives; waits for a worker that should hold an assignment. */
  private strike(target: Target, act: (worker: SimulatedWorker) => void, patience = HOLDER_LOOKS): void {
    const worker = this.workerOf(target);
    if (worker?.alive) return act(worker);
    if ('holdingOf' in target && patience > 0)
      this.time.after(HOLDER_LOOK_MS, () => this.strike(target, act, patience - 1), null);
  }

  private disturb(disturbance: Disturbance): void {
    const { time, server } = this;
    switch (disturbance.kind) {
      case 'kill':
        return this.strike(disturbance.worker, (worker) => this.replace(worker));
      case 'freeze':
        return this.strike(disturbance.worker, (worker) => {
          worker.frozenUntil = time.now + disturbance.ms;
          this.lastSilent.set(worker, worker.frozenUntil);
        });
      case 'cut-off':
        return this.strike(disturbance.worker, (worker) => {
          this.cutOff.set(worker, time.now + disturbance.ms);
          this.lastSilent.set(worker, time.now + disturbance.ms);
        });
      case 'drain':
        return this.strike(disturbance.worker, (worker) => {
          this.lastSilent.set(worker, Infinity);
          const place = this.workers.indexOf(worker);
          worker.drain(disturbance.graceMs, () => this.startWorker(place));
        });
      case 'outage':
        server.goAway();
        time.after(disturbance.ms, () => server.comeBack(), null);
        return;
      case 'store':
        return this.objects.begin(disturbance.trouble, disturbance.ms);
      case 'messages':
        this.messages.push({ ...disturbance, until: time.now + disturbance.ms });
        return;
      case 'cancel': {
        const run = this.runIds.get(disturbance.run);
        if (run) this.people.cancel(0, run.tenant, run.run, disturbance.force);
      }
    }
  }

  /** Renewals get lost only if a worker is cut off, which is the only disturbance that may cost a lease. */
  private fateOf(client: Process, statement: string): Fate {
    this.statements++;
    if ((this.cutOff.get(client) ?? 0) > this.time.now) return 'unsent';
    if (statement === 'renew-lease') return 'answered';
    for (const { until, fate, rate } of this.messages)
      if (until > this.time.now && this.random.chance(rate)) return fate;
    return 'answered';
  }

  private healthOf(workerSession: string): WorkerHealth {
    const worker = this.everyWorker.find(({ workerSessions }) => workerSessions.includes(workerSession));
    if (!worker?.alive || worker.workerSessions.at(-1) !== workerSession) return 'dead';
    return (this.lastSilent.get(worker) ?? -Infinity) + SILENCE_MS > this.time.now ? 'silent' : 'well';
  }

  private committed(name: string, changes: readonly Change[]): void {
    this.referee.onCommit(name, changes);
    for (const { table, before, after } of changes) {
      if (table.name !== 'assignments') continue;
      if (before === null) this.assigned += (after as AssignmentRow).left_over;
      else if (name === 'free-assignments') this.swept++;
    }
    if (name !== 'flush') return;
    for (const { table, before, after } of changes) {
      if (table.name === 'gates' && before === null) this.gateOpened(after as never);
      if (table.name === 'steps') this.stepChanged(after as never);
    }
  }

  private gateOpened({ tenant_id, run_id, gate }: { tenant_id: string; run_id: string; gate: string }): void {
    const run = toRunId(run_id);
    const number = [...this.runIds].find(([, one]) => one.run === run)?.[0];
    const manners = this.scenario.runs.find((spec) => spec.number === number)?.manners ?? [];
    const manner = manners[gate.length % manners.length];
    if (manner) this.people.decide(manner, tenant_id as TenantId, run, gate);
  }

  private stepChanged(row: {
    tenant_id: string;
    run_id: string;
    step: string;
    parent: string;
    status: string;
    error: string | null;
  }): void {
    if (row.status !== 'needs_attention' || row.error === null) return;
    // Nobody died, and nobody was cut off: the worker with the outcome keeps its run.
    if (this.scenario.theme === 'store') this.referee.wrong(4, `${row.run_id} ${row.step} needs attention`);
    const { execution } = JSON.parse(row.error) as { execution: number };
    const wait = this.random.int(500, 4_000);
    this.people.resolve(wait, row.tenant_id as TenantId, toRunId(row.run_id), row.step, row.parent, execution);
  }
}

/** Returns snapshots without the timers of steps. */
class ForgetfulObjects extends MemoryObjects {
  override async open(tenant: TenantId, digest: Digest): Promise<AsyncIterable<Uint8Array>> {
    const parts: Uint8Array[] = [];
    for await (const part of await super.open(tenant, digest)) parts.push(part);
    const document = JSON.parse(Buffer.concat(parts).toString()) as JsonObject;
    const bytes = Buffer.from(JSON.stringify('wakes' in document ? { ...document, wakes: {} } : document));
    return (async function* () {
      yield bytes;
    })();
  }
}

const TERMINAL = new Set(['succeeded', 'failed', 'cancelled']);

function codeOf(error: string | null): string {
  return error === null ? '' : String((JSON.parse(error) as { code?: string }).code ?? '');
}

function newRun(spec: RunSpec, runId: RunId, at: number): NewRun {
  const plan: Plan = aPlan(spec.graph, {
    // In the planner's form: verifiers of the run have no other.
    inputs: { list: spec.list },
    approvals: [
      {
        ...{ id: 'people', grants: ['packs.approve'], minApprovals: spec.required, allowSelfApproval: false },
        ...{ expiresAfterMs: spec.expiresAfterMs, executeWithinMs: null, maxAuthAgeMs: null },
        ...{ reasonRequired: false, reasonTemplate: null },
      },
    ],
    timeouts: { runMs: spec.runMs, cleanupMs: 20_000 },
  });
  const planText = canonical(plan as unknown as Json);
  const planHash = sha256(planText);
  const { profileDigest, environmentDigest, sourceDigest } = digests;
  const { name, version, contentDigest } = plan.pack;
  const pack = { name, version, contentDigest, sourceDigest };
  const record = {
    ...{
      schema: 'taskrunner.admission.v1',
      runId,
      tenant: spec.tenant,
      initiators: [{ ...INITIATOR, kind: 'person' }],
    },
    ...{ pack: { ...pack, signers: [] }, planHash, profileDigest },
    ...{ scheduleId: null, rerunOf: null, acceptedAt: new Date(at).toISOString(), nonce: '00' },
  };
  return {
    ...{ tenant: spec.tenant as TenantId, runId, planHash, plan: planText },
    ...{ profile: profileText, profileDigest, environment: environmentText, environmentDigest },
    ...{
      pack,
      packSignatures: [],
      forms: null,
      manifest: '{}',
      files: [],
      inputs: canonical({ list: spec.list }),
      sensitive: [],
    },
    initiators: [{ ...INITIATOR, kind: 'person' }],
    requester: { ...INITIATOR, name: 'Ada' },
    ...{ labels: {}, admission: envelopeOf(record), admissionDigest: digestOf(record), acceptedAt: at },
    ...{ audit: { type: 'run.submitted', runId } },
    ...{ rerunOf: null, stepsTotal: 1, workerLabels: [], concurrency: null, idempotency: null },
  };
}
