import { digestOf, sha256 } from '@taskrunner/core/canonical';
import type { AdmissionRecord, DecisionRecord, Envelope, ResolutionRecord } from '@taskrunner/core/evidence';
import type { Json } from '@taskrunner/core/foundation';
import {
  plannedContents,
  Slots,
  type DriverDependencies,
  type FanOut,
  ObjectStoreHealth,
  type Refusal,
} from '@taskrunner/core/operations';
import type { ClaimedRun, Committer, ObjectStore, WorkerDescription } from '@taskrunner/core/ports';
import { RunDocuments } from '@taskrunner/core/stored';
import {
  DatabaseClock,
  DirectQueries,
  PostgresAssignments,
  PostgresClaims,
  PostgresCommitter,
  PostgresLogStore,
} from '@taskrunner/infrastructure/testing';
import type { Random } from '@taskrunner/core/testing';
import { AssignmentLoop } from '../loops/assignment-loop';
import { ClaimLoop } from '../loops/claim-loop';
import type { IsolatedDrive } from '../quarantine/quarantine';
import { Children, executorsOf, type EffectLog } from './children';
import { QuarantineProcess } from './quarantine-process';
import type { FanOutSpec } from './scenario';
import type { Server } from './server';
import type { Process, VirtualTime } from './virtual-time';

const LEASE_MS = 8_000;
const RENEW_MS = 2_000;
/** Validity of a probe of the object store, milliseconds. */
export const PROBE_MS = 2_000;
/** Time between the kill of a worker's children and the end of its lease, milliseconds. */
const FENCE_MARGIN_MS = 2_000;
const zero = digestOf('zero');

/** The environment of a worker. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: Server;
  readonly effects: EffectLog;
  readonly environment: string;
  readonly concurrency: number;
  /** Null: each worker executes only what it drives. */
  readonly fanOut: FanOutSpec | null;
  /** Stores besides the database. */
  readonly objects: ObjectStore;
  /** Number of entries after which a driver writes a snapshot. */
  readonly snapshotEntries: number;
  /** Maximum time that a child takes to stop, milliseconds. */
  readonly graceMs: number;
  /** True: begins steps regardless of the object store, and tries only once to store their results. */
  readonly withoutStore: boolean;
  readonly withoutRetry: boolean;
  /** True if results are too large for a page of the journal. */
  readonly large: boolean;
  /** True: disables the supervisor's deadline. */
  readonly withoutDeadline: boolean;
  /** The observed committer. */
  readonly watch: (committer: Committer) => Committer;
  /** It died of what it executed. */
  readonly died: (worker: SimulatedWorker) => void;
  readonly alarm: (code: string, detail: Json) => void;
}

/**
 * A worker process: the real claim loop, drivers, committer and adapters, with the lease and supervisor handling of `worker.module.ts`. It
 * ends with `kill` or `drain`; its successor is another instance.
 */
export class SimulatedWorker implements Process {
  alive = true;
  frozenUntil = 0;
  readonly skew: Process['skew'];
  private readonly clock: DatabaseClock;
  private readonly claims: PostgresClaims;
  private readonly loop: ClaimLoop;
  private readonly assignments: AssignmentLoop | null;
  private readonly children: Children;
  private readonly description: WorkerDescription;
  private restarting = false;
  private stopping = false;
  /** Ids of its sessions: the worker rows that belong to it. */
  readonly workerSessions: string[] = [];
  private lives = 0;
  private deadline = Infinity;
  private processes = 0;
  /** Processes that it has started for runs in quarantine. */
  private readonly isolated = new Set<QuarantineProcess>();

  constructor(
    readonly name: string,
    private readonly around: Surroundings,
  ) {
    const { time, random, server } = around;
    const day = 86_400_000;
    this.skew = { monotonic: random.int(0, day), wall: random.int(-day, day) };
    const pool = server.poolOf(this);
    this.clock = new DatabaseClock(undefined, () => time.now - time.start + this.skew.monotonic);
    this.claims = new PostgresClaims(pool, this.clock, LEASE_MS);
    this.children = new Children(
      this,
      time,
      random,
      around.effects,
      around.withoutDeadline,
      around.graceMs,
      around.large,
    );
    this.description = {
      ...{ name, version: '1', build: zero, probe: zero, isolations: ['none/v1'], labels: [] },
      environments: [sha256(around.environment)],
    };
    const options = {
      ...{ concurrency: around.concurrency, claimIntervalMs: 1_000, inboxIntervalMs: 500 },
      isolate: (run: ClaimedRun, refusal: Refusal | null) => this.driveIsolated(run, refusal),
      ...{ sealed: { isolations: [], waitMs: 60_000 }, profileWaitMs: 60_000, refuseIntervalMs: 3_600_000 },
    };
    const log = { say: () => undefined };
    const fanOut = this.fanOutOf(this, () => this.assignments?.others ?? 0);
    const dependencies = { ...this.dependenciesOf(this, this.children, () => around.died(this)), ...fanOut };
    const intervals = {
      ...{ claimIntervalMs: 1_000, assignmentStatusIntervalMs: 1_000, idleStatusIntervalMs: 1_000 },
      decline: async () => undefined,
    };
    this.assignments = fanOut ? new AssignmentLoop({ ...dependencies, ...fanOut }, log, intervals) : null;
    this.loop = new ClaimLoop(this.claims, dependencies, log, options, () => undefined);
  }

  start(): void {
    this.around.time.as(this, () => void this.begin());
  }

  /** SIGKILL: nothing of it continues, and its supervisor sees the pipe close. */
  kill(): void {
    this.alive = false;
    this.children.close();
    for (const isolated of this.isolated) isolated.end();
  }

  /** SIGTERM, like `Worker.stop`. */
  drain(graceMs: number, done: () => void): void {
    this.around.time.as(this, () => void this.stop(graceMs).then(done));
  }

  private async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const grace = { graceMs, stopMs: this.around.graceMs };
    await Promise.all([this.loop.drain(grace), this.assignments?.drain(grace)]);
    this.lives++;
    this.children.close();
    for (const isolated of this.isolated) isolated.end();
    const workerSession = this.workerSessions.at(-1);
    if (workerSession !== undefined)
      await this.claims.retire({ id: workerSession, leaseMs: LEASE_MS }).catch(() => undefined);
    this.alive = false;
  }

  private async begin(): Promise<void> {
    while (!this.stopping) {
      try {
        const mark = this.clock.mark();
        const workerSession = await this.claims.register(this.description);
        this.workerSessions.push(workerSession.id);
        this.clock.observe(this.around.time.now, mark);
        this.renewAll(this.around.time.now + LEASE_MS - FENCE_MARGIN_MS);
        void this.renewForever(workerSession, ++this.lives);
        this.loop.start(workerSession);
        this.assignments?.start(workerSession);
        return;
      } catch {
        await pause(1_000);
      }
    }
  }

  /** The thread that renews the lease, with a clock and a connection of its own. */
  private async renewForever(workerSession: { id: string; leaseMs: number }, life: number): Promise<void> {
    const { time, server } = this.around;
    const thread = new PostgresClaims(server.poolOf(this), new DatabaseClock());
    while (this.lives === life) {
      const sent = time.now;
      const mark = this.clock.mark();
      try {
        const { held, at } = await thread.renew(workerSession);
        if (this.lives !== life) return;
        if (!held) return void this.beginAgain();
        this.clock.observe(at, mark);
        this.renewAll(sent + LEASE_MS - FENCE_MARGIN_MS);
      } catch {
        // An outage of the database changes nothing.
      }
      await pause(RENEW_MS);
    }
  }

  /** The lease was swept: like `Worker.begin`. */
  private async beginAgain(): Promise<void> {
    if (this.stopping || this.restarting) return;
    this.restarting = true;
    this.lives++;
    this.loop.abandon();
    this.assignments?.abandon();
    await Promise.all([this.loop.drain({ graceMs: 0 }), this.assignments?.drain({ graceMs: 0 })]);
    await this.begin();
    this.restarting = false;
  }

  private driveIsolated(run: ClaimedRun, refusal: Refusal | null): IsolatedDrive {
    const { time, random, effects, withoutDeadline, graceMs, large } = this.around;
    const name = `${this.name}.q${++this.processes}`;
    const isolated = new QuarantineProcess(name, this, time, run, refusal, (process, died) => {
      const children = new Children(process, time, random, effects, withoutDeadline, graceMs, large);
      children.renew(this.deadline);
      // It drives its run alone, without workers to which it could dispatch.
      const fanOut = this.fanOutOf(process, () => 0);
      return { children, dependencies: { ...this.dependenciesOf(process, children, died), ...fanOut } };
    });
    this.isolated.add(isolated);
    return isolated as unknown as IsolatedDrive;
  }

  /** The supervisors' deadline, here and in the isolated processes. */
  private renewAll(until: number): void {
    this.deadline = until;
    this.children.renew(until);
    for (const { alive, children } of this.isolated) if (alive) children.renew(until);
  }

  /** Fan-out settings of this process; null: none. */
  private fanOutOf(process: Process, others: () => number): { readonly fanOut: FanOut } | null {
    const { fanOut, server } = this.around;
    if (fanOut === null) return null;
    const assignments = new PostgresAssignments(server.poolOf(process));
    return { fanOut: { assignments, slots: new Slots(fanOut.slots), items: fanOut.items, others } };
  }

  /** Dependencies of a driver in this process. */
  private dependenciesOf(process: Process, children: Children, died: () => void): DriverDependencies {
    const { time, random, server, objects, snapshotEntries, watch, alarm } = this.around;
    const { withoutStore, withoutRetry } = this.around;
    const pool = server.poolOf(process);
    const storeHealth = new ObjectStoreHealth({
      ...{ store: objects, probeBytes: 1, intervalMs: PROBE_MS },
      monotonicMs: () => time.now,
      onChange: () => undefined,
    });
    if (withoutRetry) storeHealth.withRetry = (work) => work();
    const payload = (envelope: Envelope): unknown => JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
    const signed = <Record>(envelope: Envelope): { record: Record; digest: ReturnType<typeof digestOf> } => {
      const record = payload(envelope);
      return { record: record as Record, digest: digestOf(record as Json) };
    };
    return {
      claims: this.claims,
      committer: watch(new PostgresCommitter(pool)),
      logs: new PostgresLogStore(new DirectQueries(pool)),
      ...{ objects, storeHealth, snapshotEntries },
      archives: null as never,
      references: { need: async () => undefined },
      clock: this.clock,
      executors: executorsOf(children, died),
      judges: new Map(),
      announcing: { streams: () => [], people: null },
      worker: this.description,
      secrets: { bindings: [], providers: new Map(), sensitive: null, providerFailed: () => undefined },
      openAdmission: (envelope) => payload(envelope) as AdmissionRecord,
      openDecision: (envelope) => signed<DecisionRecord>(envelope),
      openResolution: (envelope) => signed<ResolutionRecord>(envelope),
      mac: (text) => sha256(`journal ${text}`).slice('sha256:'.length),
      nonce: () => Array.from({ length: 4 }, () => random.int(0, 0xffffffff).toString(16)).join(''),
      mayAct: async (waiter) => (withoutStore ? undefined : storeHealth.available(waiter)),
      replan: async (run) => sha256(run.plan),
      executorFailed: () => undefined,
      contents: async (run) => plannedContents(RunDocuments.compare(run).index),
      alarm: (_run, code, detail) => alarm(code, detail),
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
