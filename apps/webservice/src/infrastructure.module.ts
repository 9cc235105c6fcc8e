import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import {
  AlteredRuns,
  ArchivedLogStore,
  AuditChain,
  Calendar,
  CancelRun,
  RerunRun,
  DecideApproval,
  GateDesk,
  groundOf,
  KeepSchedules,
  LogStore,
  ObjectStore,
  PackJudge,
  PackLibrary,
  PackPlanner,
  ReleaseEvidence,
  ResolveAttention,
  RunDueTicks,
  RunReader,
  ScheduleStore,
  SignCheckpoints,
  StoreUpload,
  STORED_DOCUMENTS,
  SubmitRun,
  Uploads,
  verifySignature,
} from '@taskrunner/core';
import {
  CronerCalendar,
  FileSigner,
  isDatabaseUnavailable,
  loadSensitiveInputsKey,
  openWebDatabase,
  PlanningThreads,
  objectsReadiness,
  readTarFiles,
  sayOutage,
  WatchedObjectStore,
} from '@taskrunner/infrastructure/web';
import type { Telemetry } from '@taskrunner/infrastructure/telemetry';
import { CHECKPOINTS, type CheckpointSetting } from './audit/checkpoint-loop';
import type { WebserviceConfiguration } from './configuration';
import type { Observability } from './observability';
import { ArchiveReader } from './plans/pack-sources';
import { tellTick } from './schedules/tell-tick';

/** The adapters of this deployment, opened. */
export interface OpenInfrastructure {
  readonly module: DynamicModule;
  readonly observability: Observability;
  readiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }>;
  /** Whether the object store keeps what is written. */
  objectsReadiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }>;
  /** True if the database is away or busy. */
  isUnavailable(error: unknown): boolean;
  close(): Promise<void>;
}

/** Ports and operations, with the adapters behind them. */
@Module({})
export class InfrastructureModule {
  /** Opens database and keys. Rejects with what is wrong and what to do. */
  static async open(configuration: WebserviceConfiguration, telemetry: Telemetry): Promise<OpenInfrastructure> {
    const {
      database: settings,
      keys,
      objectProbe,
      uploads: limits,
      setting,
      scheduler,
      packs,
      checkpoints,
    } = configuration;
    const objects = new WatchedObjectStore(configuration.objects, {
      ...objectProbe,
      monotonicMs: () => performance.now(),
      onChange: sayOutage((...said) => telemetry.log.say(...said)),
    });
    const [admission, ledger, checkpoint, sensitive] = await Promise.all([
      FileSigner.open('admission', keys.admission),
      FileSigner.open('ledger', keys.ledger),
      checkpoints ? FileSigner.open('checkpoint', checkpoints.key) : null,
      keys.sensitiveInputs ? loadSensitiveInputsKey(keys.sensitiveInputs) : null,
    ]);
    const database = await openWebDatabase(settings.url, {
      connections: settings.connections,
      statementTimeoutMs: settings.statementTimeoutMs,
      allowLoss: settings.allowUnsafe,
      keptTicks: scheduler.history,
      onError: (error) => telemetry.log.say('warn', 'database.connection-lost', { error }),
    });
    telemetry.watchDatabase(database);
    telemetry.metrics.observe('taskrunner_object_store_available', () => [[objects.health.outage === null ? 1 : 0]]);
    const {
      evidenceReleases,
      runReader,
      gateDesk,
      attentionDesk,
      auditChain,
      alteredRuns,
      scheduleStore,
      packVersions,
      uploads,
      workforce,
      archives,
    } = database;
    const logStore = new ArchivedLogStore(database.logStore, { archives, objects });
    const runStore = telemetry.watchRunStore(database.runStore);
    const judge = new PackJudge(packs.trust, packVersions, verifySignature);
    const nonce = (): string => randomBytes(16).toString('hex');
    // People who sign their decisions with keys of their own are not configured yet: such a proof is refused.
    const approverKeys = { keys: [], verifySignature };
    const threads = new PlanningThreads(groundOf(setting), configuration.planning);
    const planner = new PackPlanner(setting, threads);
    const library = new PackLibrary(packs.shelves, packVersions, (tenant, source) => planner.describe(tenant, source));
    const calendar = new CronerCalendar();
    const submitRun = telemetry.watchSubmit(
      new SubmitRun({
        runs: runStore,
        objects,
        uploads,
        signer: admission,
        planner,
        judge,
        resolvePack: (tenant, reference) => library.resolve(tenant, reference),
        workforce,
        sensitive,
        nonce,
      }),
    );
    const { maxPerTenant, catchUpWindow: catchUpWindowMs } = scheduler;
    const providers: Provider[] = [
      { provide: RunReader, useValue: runReader },
      { provide: GateDesk, useValue: gateDesk },
      { provide: AuditChain, useValue: auditChain },
      { provide: AlteredRuns, useValue: alteredRuns },
      {
        provide: CHECKPOINTS,
        useValue: checkpoint && checkpoints ? checkpointing(auditChain, checkpoint, checkpoints.every) : null,
      },
      { provide: LogStore, useValue: logStore },
      { provide: ObjectStore, useValue: objects },
      { provide: Calendar, useValue: calendar },
      { provide: ScheduleStore, useValue: scheduleStore },
      { provide: SubmitRun, useValue: submitRun },
      { provide: Uploads, useValue: uploads },
      { provide: ArchiveReader, useValue: { read: readTarFiles } satisfies ArchiveReader },
      { provide: StoreUpload, useValue: new StoreUpload({ uploads, objects, limits }) },
      {
        provide: KeepSchedules,
        useValue: new KeepSchedules({
          schedules: scheduleStore,
          objects,
          submitRun,
          calendar,
          limits: { maxPerTenant, catchUpWindowMs },
        }),
      },
      {
        provide: RunDueTicks,
        useValue: new RunDueTicks({
          schedules: scheduleStore,
          objects,
          submitRun,
          calendar,
          limits: {
            graceMs: scheduler.grace,
            maxActive: scheduler.maxActive,
            maxSkips: 500,
            batch: scheduler.batch,
            leaseMs: scheduler.lease,
          },
          onTick: tellTick,
        }),
      },
      { provide: PackJudge, useValue: judge },
      { provide: PackPlanner, useValue: planner },
      { provide: PackLibrary, useValue: library },
      { provide: CancelRun, useValue: new CancelRun({ runs: runStore, reader: runReader, gates: gateDesk }) },
      { provide: RerunRun, useValue: new RerunRun({ reader: runReader, planner, objects, submit: submitRun }) },
      {
        provide: DecideApproval,
        useValue: new DecideApproval({ gates: gateDesk, reader: runReader, signer: ledger, approverKeys, nonce }),
      },
      {
        provide: ReleaseEvidence,
        useValue: new ReleaseEvidence({
          reader: runReader,
          gates: gateDesk,
          releases: evidenceReleases,
          signer: ledger,
        }),
      },
      {
        provide: ResolveAttention,
        useValue: new ResolveAttention({
          attention: attentionDesk,
          gates: gateDesk,
          reader: runReader,
          signer: ledger,
        }),
      },
    ];
    for (const document of STORED_DOCUMENTS)
      telemetry.metrics.add('taskrunner_documents_altered_total', 0, { document });
    return {
      module: {
        module: InfrastructureModule,
        providers,
        exports: providers.map((provider) => (provider as { provide: symbol }).provide),
      },
      observability: {
        log: telemetry.log,
        alarm(fields, altered) {
          telemetry.metrics.add('taskrunner_alarms_total', 1);
          if (altered !== undefined)
            telemetry.metrics.add('taskrunner_documents_altered_total', 1, { document: altered });
          telemetry.log.say('error', 'alarm', fields);
        },
        watch: telemetry.watchRequests(),
        traceId: () => telemetry.tracing.traceId(),
        exposition: () => telemetry.exposition(),
      },
      readiness: () => database.readiness(),
      objectsReadiness: () => objectsReadiness(objects.health),
      isUnavailable: isDatabaseUnavailable,
      async close() {
        objects.health.close();
        await threads.close();
        await database.close();
      },
    };
  }
}

/** Bounds of one turn: a first checkpoint of a long chain is made in parts, so that no statement takes long. */
function checkpointing(chain: AuditChain, signer: FileSigner, every: number): CheckpointSetting {
  return {
    every,
    sign: new SignCheckpoints({ chain, signer, everyMs: every, maxEntries: 50_000, maxTenants: 10_000 }),
  };
}
