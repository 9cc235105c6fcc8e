import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import {
  RunDriver,
  STORED_DOCUMENTS,
  type Honouring,
  type WorkerMeans,
  type ClaimedRun,
  type Driven,
  type Digest,
  type DriverDependencies,
  type WorkerSession,
  type Refusal,
  type RunId,
  type TenantId,
  type WorkerDescription,
} from '@taskrunner/core';
import {
  databaseUrlsOf,
  isDatabaseFault,
  type EgressProxy,
  keyPathsOf,
  loadPackTrust,
  monotonicMs,
  objectsReadiness,
  openObjectStore,
  openWorkerDatabase,
  type PlanningThreads,
  sayOutage,
  SEALED_ISOLATION,
  proveCgroup,
  Supervisor,
  type Configuration,
  type Sandboxes,
  WatchedObjectStore,
  type WorkerDatabase,
  variableOf,
} from '@taskrunner/infrastructure';
import type { Telemetry } from '@taskrunner/infrastructure/telemetry';
import { AnnounceLoop } from './announce-loop';
import { webhookDependencies } from './announcing.module';
import { AssignmentLoop } from './assignment-loop';
import { AttestLoop } from './attest-loop';
import { ClaimLoop } from './claim-loop';
import { openContainers } from './container.module';
import type { Grace } from './drain';
import { driverDependencies, planAgain } from './driving.module';
import { openEgress } from './egress.module';
import { Duties, DUTIES, type Duty } from './duties';
import { HonourLoop } from './honour-loop';
import { ExportLoop } from './export-loop';
import { deliverDependencies, exportDependencies } from './exporting.module';
import { HealthController, Readiness } from './health.controller';
import { MetricsExporter, MetricsController } from './metrics.controller';
import { Lease } from './lease';
import { ObjectSweep } from './object-sweep';
import { Quarantine, type Deadline } from './quarantine';
import { describe, meansOf, prove, sayRefused } from './sandbox.module';
import { attestDependencies } from './sealing.module';
import { raiseAlarm } from './alarm';
import { openSecrets } from './secrets.module';
import type { WorkerLog } from './worker-log';

const INBOX_INTERVAL_MS = 250;
const ASSIGNMENT_STATUS_INTERVAL_MS = 200;
const ATTEST_INTERVAL_MS = 1_000;
/** Runs driven at once above which evidence gives way to them. */
const MANY_ACTIVE_RUNS = 4;
const ANNOUNCE_INTERVAL_MS = 500;
const IDLE_ANNOUNCE_INTERVAL_MS = 60_000;
/** A try may take as long as is configured; then its announcement may be taken up elsewhere. */
const ANNOUNCE_LEASE_MARGIN_MS = 20_000;
const REFUSE_INTERVAL_MS = 2_000;
const HONOUR_INTERVAL_MS = 1_000;
/** Between two probes that failed starts ask for. */
const SUSPICION_MS = 10_000;
/** How long before its lease ends a worker's children are killed. */
const FENCE_MARGIN_MS = 2_000;

/** The worker, composed: one session at a time, its supervisor, its loops. */
export class Worker {
  private lease: Lease | null = null;
  private workerSession: WorkerSession | null = null;
  private prober: NodeJS.Timeout | null = null;
  private suspectedAt = -Infinity;
  private stopping = false;
  private restarting = false;
  private listening = false;
  private isolated: RunDriver | null = null;
  private isAbandoned = false;
  private isLeaving = false;

  private constructor(
    private readonly database: WorkerDatabase,
    private readonly dependencies: DriverDependencies,
    private readonly quarantine: Quarantine,
    private readonly supervisor: Supervisor,
    private readonly egress: EgressProxy,
    private readonly url: string,
    private readonly configuration: Configuration,
    private readonly sandboxes: Sandboxes,
    private readonly describeNow: () => WorkerDescription,
    private description: WorkerDescription,
    private readonly claims: ClaimLoop,
    private readonly assignments: AssignmentLoop,
    private readonly honours: HonourLoop,
    private readonly attests: AttestLoop,
    private readonly announces: AnnounceLoop,
    private readonly exporting: ExportLoop,
    private readonly sweep: ObjectSweep,
    private readonly planning: PlanningThreads,
    private readonly telemetry: Telemetry,
    private readonly duties: Duties,
  ) {}

  /** Opens everything, proves the sandbox; starts nothing. */
  static async open(configuration: Configuration, telemetry: Telemetry): Promise<Worker> {
    const log: WorkerLog = telemetry.log;
    const { workerUrl } = await databaseUrlsOf(configuration);
    if (!workerUrl) throw new TypeError('database.workerUrl is not configured');
    const { database: settings, worker: settingsOfWorker } = configuration;
    const database = await openWorkerDatabase(workerUrl, {
      connections: settings.poolSize,
      leaseMs: settingsOfWorker.lease,
      statementTimeoutMs: settings.statementTimeout,
      allowLoss: settings.allowUnsafe,
      onError: (error) => log.say('warn', 'database.connection-lost', { error }),
      ...telemetry.watchFleet(),
      onFlushed: (runs, ms) => {
        telemetry.metrics.record('taskrunner_flush_runs', runs);
        telemetry.metrics.record('taskrunner_flush_duration_seconds', ms / 1_000);
      },
    });
    telemetry.watchDatabase(database);
    const keys = keyPathsOf(configuration);
    // For processes that drive runs as this one does, secrets among it.
    const env = { ...process.env };
    const quarantine = new Quarantine(
      (folder) => ({ ...env, [variableOf(['sandbox', 'workDirectory'])]: folder }),
      configuration.sandbox.workDirectory,
      log,
    );
    // Before the first child: it would inherit what stands in the environment.
    const secrets = await openSecrets(configuration, keys, process.env);
    const { watchInterval, cgroup } = configuration.sandbox;
    if (cgroup !== null) proveCgroup(cgroup);
    log.say('info', 'sandbox.memory', { heldBy: cgroup === null ? 'watching' : 'cgroup', cgroup });
    const supervisor = Supervisor.start({
      ...{ watchMs: watchInterval, cgroup },
      onExpired: () => log.say('error', 'supervisor.deadline', {}),
    });
    const objects = new WatchedObjectStore(await openObjectStore(configuration.artifacts), {
      ...configuration.artifacts.probe,
      monotonicMs,
      onChange: sayOutage((...said) => log.say(...said)),
    });
    const sandboxes = await prove(configuration, keys, workerUrl, supervisor, log);
    const containers = await openContainers(configuration, supervisor, log);
    const opened: { worker: Worker | null } = { worker: null };
    const packTrust = await loadPackTrust(configuration);
    const configuredAt = database.clock.now();
    const meansNow = (): WorkerMeans => meansOf(configuration, sandboxes, packTrust, configuredAt);
    const describeNow = (): WorkerDescription => describe(configuration, sandboxes, meansNow());
    const description = describeNow();
    const honouring: Honouring = {
      means: meansNow,
      unmet: ({ runId, tenant }, unmet, refusal) =>
        log.say('warn', refusal === null ? 'run.passed-on' : 'run.refused', {
          ...{ runId, tenant, code: refusal?.code ?? null },
          parts: unmet.map(({ part }) => part).join(','),
          detail: unmet.map(({ detail }) => detail).join('; '),
        }),
    };
    const egress = await openEgress(configuration, log);
    const exports = await exportDependencies(configuration, { database, objects });
    const planning = planAgain(configuration);
    const dependencies = await driverDependencies(configuration, {
      ...{
        database,
        supervisor,
        objects,
        exports,
        keys,
        sandboxes,
        egress,
        secrets,
        containers,
        planning,
        log,
        telemetry,
      },
      honouring,
      description: () => opened.worker?.description ?? description,
      onStartFailed: () => opened.worker?.suspect(),
      otherWorkers: () => opened.worker?.assignments.others ?? 0,
    });
    const sealing = await attestDependencies(configuration, { database, objects, keys, secrets, planning, log });
    const watch = telemetry.watchRuns();
    const countFailures = (work: Duty, failures: number): void =>
      telemetry.metrics.add('taskrunner_work_failures_total', failures, { work });
    for (const work of DUTIES) countFailures(work, 0);
    for (const document of STORED_DOCUMENTS)
      telemetry.metrics.add('taskrunner_documents_altered_total', 0, { document });
    const duties = new Duties(log, {
      unreadyAfterMs: settingsOfWorker.unreadyAfter,
      onFailed: (work) => countFailures(work, 1),
      isDatabaseFault,
    });
    const attests: AttestLoop = new AttestLoop(
      sealing,
      log,
      { intervalMs: ATTEST_INTERVAL_MS, atOnce: settingsOfWorker.seals, isAway: () => objects.health.isAway },
      (item, work) => watch.attest(item, work),
      () => claims.driving > MANY_ACTIVE_RUNS,
      duties,
      (alarm) => raiseAlarm(telemetry.metrics, log, alarm),
    );
    const claims: ClaimLoop = new ClaimLoop(
      database.claims,
      dependencies,
      log,
      {
        concurrency: settingsOfWorker.concurrency,
        claimIntervalMs: settingsOfWorker.claimInterval,
        inboxIntervalMs: INBOX_INTERVAL_MS,
        sealed: { isolations: [SEALED_ISOLATION], waitMs: configuration.sealedMode.wait },
        profileWaitMs: configuration.limits.profileWait,
        refuseIntervalMs: REFUSE_INTERVAL_MS,
        watch: (run, work) => watch.drive(run, work),
        isolate: (run, refusal) => quarantine.open(run, refusal),
      },
      () => attests.wake(),
      duties,
    );
    const loops = {
      claimIntervalMs: settingsOfWorker.claimInterval,
      assignmentStatusIntervalMs: ASSIGNMENT_STATUS_INTERVAL_MS,
      decline: (of: WorkerSession, tenant: TenantId, run: RunId) => database.runEnvironments.decline(of, tenant, run),
    };
    const assignments = new AssignmentLoop(dependencies, log, loops, duties);
    const honours = new HonourLoop(
      {
        environments: database.runEnvironments,
        means: meansNow,
        own: () => describeNow().environments,
        openAdmission: (envelope) => dependencies.openAdmission(envelope),
        onHonoured: async (environments) => opened.worker?.honour(environments),
      },
      log,
      HONOUR_INTERVAL_MS,
    );
    telemetry.metrics.observe('taskrunner_runs_unhonoured', () =>
      honours.counts.map(({ part, runs }) => [runs, { part }]),
    );
    telemetry.metrics.observe('taskrunner_runs_unhonoured_oldest_seconds', () =>
      honours.counts.map(({ part, oldestSeconds }) => [oldestSeconds, { part }]),
    );
    const announces = new AnnounceLoop(await webhookDependencies(configuration, { database }), log, {
      // Where nobody is to be told, what was left for endpoints of before goes away by and by.
      intervalMs: configuration.webhooks.endpoints.length > 0 ? ANNOUNCE_INTERVAL_MS : IDLE_ANNOUNCE_INTERVAL_MS,
      leaseMs: configuration.webhooks.timeout + ANNOUNCE_LEASE_MARGIN_MS,
    });
    const exporting = new ExportLoop(deliverDependencies(configuration, { database }, exports), log);
    telemetry.metrics.observe('taskrunner_runs_driving', () => [[claims.driving]]);
    telemetry.metrics.observe('taskrunner_object_store_available', () => [[objects.health.outage === null ? 1 : 0]]);
    telemetry.metrics.observe('taskrunner_runs_capacity', () => [[settingsOfWorker.concurrency]]);
    const { grace: graceMs, sweepInterval: intervalMs } = configuration.artifacts;
    const sweep = new ObjectSweep(
      { store: objects, references: database.objectReferences, graceMs, intervalMs, monotonicMs },
      log,
      () => objects.health.isAway,
    );
    opened.worker = new Worker(
      database,
      dependencies,
      quarantine,
      supervisor,
      egress.proxy,
      workerUrl,
      configuration,
      sandboxes,
      describeNow,
      description,
      claims,
      assignments,
      honours,
      attests,
      announces,
      exporting,
      sweep,
      planning,
      telemetry,
      duties,
    );
    return opened.worker;
  }

  async start(): Promise<void> {
    // Before runs name them.
    await this.database.probeDocuments.keep(this.sandboxes.documents);
    const workerSession = await this.database.claims.register(this.description);
    this.workerSession = workerSession;
    this.renew({ ms: workerSession.leaseMs - FENCE_MARGIN_MS, sentAtMs: monotonicMs() });
    this.lease = new Lease(this.url, workerSession, ({ held, at, sent }) => {
      if (held) {
        const sentAtMs = Number(sent / 1_000n) / 1_000;
        this.database.clock.observe(at, performance.now() - (monotonicMs() - sentAtMs));
        this.renew({ ms: workerSession.leaseMs - FENCE_MARGIN_MS, sentAtMs });
      } else void this.begin();
    });
    this.retire = () => this.database.claims.retire(workerSession);
    this.honours.start(workerSession);
    this.claims.start(workerSession);
    if (!this.listening) this.database.due.listen(() => this.claims.wake());
    this.listening = true;
    this.assignments.start(workerSession);
    this.prober ??= setInterval(() => void this.prove(), this.configuration.sandbox.probeInterval);
    this.attests.start();
    this.announces.start();
    this.exporting.start();
    this.sweep.start();
    this.log.say('info', 'worker.started', {
      name: this.description.name,
      isolations: this.description.isolations,
      probe: this.description.probe,
    });
  }

  /** The lease that everything here runs under was renewed. */
  renew(deadline: Deadline): void {
    this.supervisor.renew(deadline.ms, deadline.sentAtMs);
    this.quarantine.renew(deadline);
  }

  /** Drives one run that another process has claimed, and nothing beside it: for `quarantine-process.ts`. `onBegin`: now it may die of it. */
  async driveIsolated(run: ClaimedRun, refusal: Refusal | null, onBegin: () => Promise<void>): Promise<Driven> {
    this.isAbandoned = false;
    this.isLeaving = false;
    // What the probe has shown there it may not have shown here.
    if (refusal === null && !this.honours.honours(run.environment)) return 'handed-over';
    await this.database.probeDocuments.keep(this.sandboxes.documents);
    if (!(await this.database.claims.beginIsolated(run))) return 'handed-over';
    await onBegin();
    const driver = await RunDriver.open(this.dependencies, run, refusal);
    if (typeof driver === 'string') return driver;
    this.isolated = driver;
    if (this.isAbandoned) driver.handOver();
    else if (this.isLeaving) driver.leave();
    try {
      return await driver.drive();
    } finally {
      this.isolated = null;
    }
  }

  inboxChangedIsolated(): void {
    this.isolated?.inboxChanged();
  }

  abandonIsolated(): void {
    this.isAbandoned = true;
    this.isolated?.handOver();
  }

  /** Its worker leaves: nothing more of the run begins here. */
  leaveIsolated(): void {
    this.isLeaving = true;
    this.isolated?.leave();
  }

  /** Steps of it that may begin again elsewhere are stopped. */
  giveUpIsolated(): void {
    this.isolated?.giveUpIdempotent();
  }

  /**
   * Drains: claims and begins nothing more, hands over what is not under way, and waits `graceMs` for steps that are. Says what it did not
   * wait for any longer.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    if (this.prober !== null) clearInterval(this.prober);
    this.log.say('info', 'worker.draining', { runs: this.claims.driving, assignments: this.assignments.held });
    const grace: Grace = {
      graceMs,
      stopMs: this.configuration.worker.stopGrace,
      onAbandoned: ({ run: { runId, tenant }, step, effects }) =>
        this.log.say('warn', 'drain.step-given-up', { runId, tenant, step, effects }),
    };
    await Promise.all([this.claims.drain(grace), this.assignments.drain(grace)]);
    this.log.say('info', 'worker.drained', { runs: this.claims.driving, assignments: this.assignments.held });
    await this.planning.close();
    await this.honours.stop();
    await this.attests.stop();
    await this.announces.stop();
    await this.exporting.stop();
    await this.sweep.stop();
    await this.lease?.stop();
    // The children are gone before anyone else may claim what they belonged to.
    await this.supervisor.close();
    this.dependencies.storeHealth.close();
    await this.egress.close();
    await this.retire().catch(() => undefined);
    await this.database.close();
  }

  get log(): WorkerLog {
    return this.telemetry.log;
  }

  /** All numbers, in the text format of Prometheus. */
  metricsText(): Promise<string> {
    return this.telemetry.metricsText();
  }

  /** Whether its object store keeps what is written. */
  objectsReadiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }> {
    return objectsReadiness(this.dependencies.storeHealth);
  }

  /** A worker that honours no environment claims nothing, and one whose work fails does nothing: neither is ready. */
  async readiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }> {
    if (this.stopping) return { ready: false, reason: 'the worker drains' };
    if (this.description.environments.length === 0) {
      const refused = this.sandboxes.refused.map(({ profile }) => profile).join(', ');
      const what =
        refused === '' ? 'the container engine is not here' : `the sandbox profile ${refused} cannot be enforced here`;
      return { ready: false, reason: what };
    }
    const database = await this.database.readiness();
    const trouble = this.duties.trouble();
    return database.ready && trouble !== null ? { ready: false, reason: trouble } : database;
  }

  /** A sandbox could not be set up: perhaps it is this step, perhaps the machine has changed. */
  private suspect(): void {
    if (performance.now() - this.suspectedAt < SUSPICION_MS) return;
    this.suspectedAt = performance.now();
    void this.prove();
  }

  /** Claims runs of these environments from now on. */
  private async honour(environments: readonly Digest[]): Promise<void> {
    this.description = { ...this.description, environments };
    if (this.workerSession) await this.database.claims.describe(this.workerSession, this.description);
    this.claims.wake();
  }

  /** Probes again. What cannot be enforced any more is claimed no more, and what is driven under it is handed over. */
  private async prove(): Promise<void> {
    try {
      if (this.stopping || !(await this.sandboxes.again())) return;
      await this.database.probeDocuments.keep(this.sandboxes.documents);
      this.description = this.describeNow();
      const { isolations, probe } = this.description;
      this.log.say('warn', 'sandbox.changed', { isolations, probe });
      sayRefused(this.sandboxes, this.log);
      // The next look finds what else this worker can honour.
      this.honours.forget();
      const honours = (environment: string): boolean => this.honours.honours(environment);
      this.claims.abandonOthers(honours);
      this.assignments.abandonOthers(honours);
      if (this.workerSession) await this.database.claims.describe(this.workerSession, this.description);
    } catch (error) {
      this.log.say('error', 'sandbox.not-probed', { error });
    }
  }

  private retire: () => Promise<void> = async () => undefined;

  /** The lease was swept: this session is over, another begins, however long the database stays away. */
  private async begin(): Promise<void> {
    if (this.stopping || this.restarting) return;
    this.restarting = true;
    this.log.say('error', 'lease.lost', {});
    this.claims.abandon();
    this.assignments.abandon();
    await this.lease?.stop();
    await Promise.all([this.claims.drain({ graceMs: 0 }), this.assignments.drain({ graceMs: 0 })]);
    await this.honours.stop();
    await this.attests.stop();
    await this.announces.stop();
    await this.exporting.stop();
    while (!this.stopping) {
      try {
        await this.start();
        break;
      } catch (error) {
        this.log.say('warn', 'worker.not-started', { error });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    this.restarting = false;
  }
}

/** Health on its own port; the loops run beside it. */
@Module({})
export class WorkerModule {
  static of(worker: Worker): DynamicModule {
    return {
      module: WorkerModule,
      imports: [TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 })],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: Readiness, useValue: { ready: () => worker.readiness(), objects: () => worker.objectsReadiness() } },
        { provide: MetricsExporter, useValue: { text: () => worker.metricsText() } },
      ],
    };
  }
}
