import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { verifySignature } from '@taskrunner/core/evidence';
import {
  ArchivedLogStore,
  CancelRun,
  ComparedGates,
  ComparedLogStore,
  ComparedRuns,
  DecideApproval,
  JournaledRuns,
  KeepSchedules,
  PackJudge,
  PackLibrary,
  PackPlanner,
  ReleaseEvidence,
  ReplayedRuns,
  RerunRun,
  ResolveAttention,
  RunDueTicks,
  RunSteps,
  SignCheckpoints,
  SignedSchedules,
  StoreUpload,
  SubmitRun,
  type ApproverKeys,
  type RerunLink,
  type ResolvePack,
} from '@taskrunner/core/operations';
import {
  Archives,
  AttentionStore,
  AuditChain,
  Calendar,
  EvidenceReleases,
  GateStore,
  LogStore,
  ObjectStore,
  PackVersions,
  RunReader,
  RunStore,
  ScheduleStore,
  TimingReader,
  Uploads,
  WorkerDirectory,
} from '@taskrunner/core/ports';
import {
  ADMISSION_KEYS,
  ADMISSION_SIGNER,
  adapterToken,
  CHECKPOINT_SIGNER,
  CONFIGURATION,
  CronerCalendar,
  from,
  LEDGER_SIGNER,
  operation,
  PACK_TRUST,
  provide,
  REGISTRY_MOUNTS,
  SENSITIVE_INPUTS_KEY,
  Telemetry,
  token,
} from '@taskrunner/infrastructure/modules';
import { Observability } from './observability';
import { reportTick } from './schedules/report-tick';

/** 128 random bits per call, hexadecimal. */
const NONCE = token<() => string>('nonce');
/**
 * The original of every run that is submitted, if the original is in another database. Replace it in a webservice of one run only: whoever
 * composes it has verified the evidence of the original. Null: runs have no such original.
 */
export const ORIGINAL_RUN = adapterToken<RerunLink | null>('ORIGINAL_RUN');
/** Keys of people who sign their decisions. */
const APPROVER_KEYS = token<ApproverKeys>('keys of approvers');
/** Published packs for inner packs. */
const resolvePack = from(
  PackLibrary,
  (library): ResolvePack =>
    (tenant, reference) =>
      library.resolve(tenant, reference),
);

const packs: readonly Provider[] = [
  provide(
    PackJudge,
    { trust: PACK_TRUST, versions: PackVersions },
    ({ trust, versions }) => new PackJudge(trust, versions, verifySignature),
  ),
  provide(
    PackLibrary,
    { mounts: REGISTRY_MOUNTS, versions: PackVersions, planner: PackPlanner },
    ({ mounts, versions, planner }) =>
      new PackLibrary(mounts, versions, (tenant, source) => planner.describe(tenant, source)),
  ),
];

const runs: readonly Provider[] = [
  operation(ReplayedRuns, { reader: RunReader, keys: ADMISSION_KEYS }),
  provide(
    SubmitRun,
    {
      runs: RunStore,
      objects: ObjectStore,
      uploads: Uploads,
      signer: ADMISSION_SIGNER,
      planner: PackPlanner,
      judge: PackJudge,
      replayed: ReplayedRuns,
      resolvePack,
      workerDirectory: WorkerDirectory,
      sensitive: SENSITIVE_INPUTS_KEY,
      nonce: NONCE,
      original: ORIGINAL_RUN,
      telemetry: Telemetry,
    },
    ({ telemetry, ...dependencies }) => telemetry.watchSubmit(new SubmitRun(dependencies)),
  ),
  operation(CancelRun, { runs: RunStore, reader: RunReader, gates: GateStore }),
  operation(RerunRun, { reader: RunReader, planner: PackPlanner, objects: ObjectStore, submit: SubmitRun }),
  operation(StoreUpload, {
    uploads: Uploads,
    objects: ObjectStore,
    limits: from(CONFIGURATION, ({ artifacts }) => artifacts.uploads),
  }),
  provide(
    ArchivedLogStore,
    { rows: LogStore, archives: Archives, objects: ObjectStore },
    ({ rows, ...archive }) => new ArchivedLogStore(rows, archive),
  ),
  provide(
    JournaledRuns,
    {
      reader: RunReader,
      archives: Archives,
      objects: ObjectStore,
      maxBytes: from(CONFIGURATION, ({ http }) => http.journals.cache),
    },
    (dependencies) => new JournaledRuns(dependencies),
  ),
  operation(RunSteps, {
    reader: RunReader,
    timed: TimingReader,
    archives: Archives,
    objects: ObjectStore,
    journals: JournaledRuns,
    maxBytes: from(CONFIGURATION, ({ http }) => http.journals.cache),
  }),
  operation(ComparedRuns, { reader: RunReader, journals: JournaledRuns }),
  operation(ComparedGates, { store: GateStore, runs: ComparedRuns, steps: RunSteps }),
  provide(
    ComparedLogStore,
    { store: ArchivedLogStore, journals: JournaledRuns },
    ({ store, journals }) => new ComparedLogStore(store, journals),
  ),
];

const decisions: readonly Provider[] = [
  operation(DecideApproval, {
    gates: GateStore,
    reader: RunReader,
    steps: RunSteps,
    signer: LEDGER_SIGNER,
    approverKeys: APPROVER_KEYS,
    nonce: NONCE,
  }),
  operation(ResolveAttention, {
    attention: AttentionStore,
    gates: GateStore,
    reader: RunReader,
    steps: RunSteps,
    signer: LEDGER_SIGNER,
  }),
  operation(ReleaseEvidence, {
    reader: RunReader,
    gates: GateStore,
    releases: EvidenceReleases,
    signer: LEDGER_SIGNER,
  }),
  // Limits of one round. A first checkpoint of a long chain is made in parts, so that no SQL statement takes long.
  provide(
    SignCheckpoints,
    {
      chain: AuditChain,
      signer: CHECKPOINT_SIGNER,
      everyMs: from(CONFIGURATION, ({ audit }) => audit.checkpointEvery),
    },
    ({ signer, ...rest }): SignCheckpoints | null =>
      signer && new SignCheckpoints({ ...rest, signer, maxEntries: 50_000, maxTenants: 10_000 }),
  ),
];

const schedules: readonly Provider[] = [
  { provide: Calendar, useClass: CronerCalendar },
  provide(
    SignedSchedules,
    { schedules: ScheduleStore, signer: ADMISSION_SIGNER, keys: ADMISSION_KEYS, observability: Observability },
    ({ observability, ...dependencies }) =>
      new SignedSchedules({
        ...dependencies,
        alarm: ({ tenant, scheduleId, what }) =>
          observability.alarm({ tenant, scheduleId, code: 'SCHEDULE_ALTERED', detail: { what } }, 'schedule'),
      }),
  ),
  operation(KeepSchedules, {
    schedules: ScheduleStore,
    signed: SignedSchedules,
    objects: ObjectStore,
    submitRun: SubmitRun,
    calendar: Calendar,
    limits: from(CONFIGURATION, ({ scheduler: { maxPerTenant, catchUpWindow } }) => ({
      maxPerTenant,
      catchUpWindowMs: catchUpWindow,
    })),
  }),
  provide(
    RunDueTicks,
    {
      schedules: ScheduleStore,
      signed: SignedSchedules,
      objects: ObjectStore,
      submitRun: SubmitRun,
      calendar: Calendar,
      limits: from(CONFIGURATION, ({ scheduler: { grace, maxActive, batch, lease } }) => ({
        graceMs: grace,
        maxActive,
        maxSkips: 500,
        batch,
        leaseMs: lease,
      })),
    },
    (dependencies) => new RunDueTicks({ ...dependencies, onTick: reportTick }),
  ),
];

const PROVIDERS: readonly Provider[] = [
  provide(ORIGINAL_RUN, {}, () => null),
  provide(NONCE, {}, () => () => randomBytes(16).toString('hex')),
  // Keys of people who sign their decisions are not configurable yet: such a proof is refused.
  provide(APPROVER_KEYS, {}, () => ({ keys: [], verifySignature })),
  ...packs,
  ...runs,
  ...decisions,
  ...schedules,
];

/** The webservice without HTTP: the operations of core with the ports of this deployment. */
@Module({})
export class OperationsModule {
  /** `imports`: the modules that provide the ports. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: OperationsModule,
      imports,
      providers: [...PROVIDERS],
      // HTTP routes query these ports directly.
      exports: [
        ...imports,
        ...[PackJudge, PackLibrary, SubmitRun, CancelRun, RerunRun, StoreUpload],
        ...[ComparedGates, ComparedLogStore, ComparedRuns, RunSteps],
        ...[DecideApproval, ResolveAttention, ReleaseEvidence, SignCheckpoints],
        ...[Calendar, KeepSchedules, SignedSchedules, RunDueTicks],
      ],
    };
  }
}
