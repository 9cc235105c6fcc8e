import { Inject, Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import type { KeyRing } from '@taskrunner/core/evidence';
import {
  AlteredRuns,
  Announcements,
  Archives,
  Assignments,
  AttentionStore,
  AuditChain,
  Claims,
  Committer,
  EvidenceReleases,
  Exports,
  GateStore,
  KeyRecords,
  LogStore,
  ObjectReferences,
  Outbox,
  PackVersions,
  ProbeDocuments,
  RunEnvironments,
  RunReader,
  RunStore,
  ScheduleStore,
  SealableLogStore,
  StoreRecords,
  Uploads,
  EventFeed,
  TimingReader,
  WorkerDirectory,
} from '@taskrunner/core/ports';
import { tokenOf } from '../composition/adapters';
import { provide } from '../composition/provide';
import { token, type Token } from '../composition/token';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { DATABASE_PLACE, FileStorageModule, type DatabasePlace } from '../file-storage/file-storage.module';
import { RECORD_KEYS } from '../signing/signing.module';
import type { MeasuredDatabase } from '../telemetry/database-metrics';
import { Telemetry } from '../telemetry/telemetry';
import { DatabaseClock } from './connection/database-clock';
import type { DatabaseHealth, DatabaseOutage } from './connection/database-health';
import { outageOf } from './connection/database-outage';
import { openWebDatabase, openWorkerDatabase, type WebDatabase, type WorkerDatabase } from './databases';
import { DueListener } from './connection/hints';
import { RepeatedCommits } from './flush/repeated-commits';
import type { Readiness } from './upkeep/partitions';

/** Readiness of the database: it responds, and has partitions for the coming days. */
export const DATABASE_READINESS = token<() => Promise<Readiness>>('readiness of the database');
/** Tells why an error means that the database is unavailable or busy; null if it means something else. */
export const DATABASE_OUTAGE = token<(error: unknown) => string | null>('why the database is away');
/** Database URL of workers, for connections of their own. */
export const WORKER_DATABASE_URL = token<string>('address of the database for workers');

/** The opened adapters of a role. */
interface OpenDatabase {
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

const DATABASE = token<OpenDatabase>('database');
const WEB_DATABASE = token<WebDatabase>('database of the webservice');
const WORKER_DATABASE = token<WorkerDatabase>('database of the worker');

/** Ports, each provided by the adapter member of the same name. */
function portsOf<Ports extends object>(
  database: Token<NoInfer<Ports>>,
  ports: { readonly [Name in keyof Ports]: Token<Ports[Name]> },
): FactoryProvider[] {
  return (Object.keys(ports) as (keyof Ports)[]).map((name) =>
    provide<Ports[keyof Ports], { readonly database: Ports }>(
      ports[name],
      { database },
      (supplied) => supplied.database[name],
    ),
  );
}

const WEB = [
  provide(
    WEB_DATABASE,
    { configuration: CONFIGURATION, place: DATABASE_PLACE, telemetry: Telemetry, recordKeys: RECORD_KEYS },
    openWeb,
  ),
  provide(DATABASE, { database: WEB_DATABASE }, ({ database }): OpenDatabase => database),
  // A run continues the trace of its submission.
  provide(RunStore, { database: WEB_DATABASE, telemetry: Telemetry }, ({ database, telemetry }) =>
    telemetry.watchRunStore(database.runStore),
  ),
  ...portsOf(WEB_DATABASE, {
    scheduleStore: ScheduleStore,
    gateStore: GateStore,
    attentionStore: AttentionStore,
    auditChain: AuditChain,
    alteredRuns: AlteredRuns,
    evidenceReleases: EvidenceReleases,
    runReader: RunReader,
    logStore: LogStore,
    archives: Archives,
    packVersions: PackVersions,
    uploads: Uploads,
    eventFeed: EventFeed,
    timingReader: TimingReader,
    workerDirectory: WorkerDirectory,
    keyRecords: KeyRecords,
    storeRecords: StoreRecords,
  }),
];

const WORKER = [
  provide(WORKER_DATABASE_URL, { place: DATABASE_PLACE }, async ({ place }) => {
    const workerUrl = await place.urlOf('worker');
    if (workerUrl === null) throw new TypeError('database.workerUrl is not configured');
    return workerUrl;
  }),
  RepeatedCommits,
  provide(
    WORKER_DATABASE,
    {
      url: WORKER_DATABASE_URL,
      place: DATABASE_PLACE,
      configuration: CONFIGURATION,
      telemetry: Telemetry,
      repeatedCommits: RepeatedCommits,
    },
    openWorker,
  ),
  provide(DATABASE, { database: WORKER_DATABASE }, ({ database }): OpenDatabase => database),
  provide(Committer, { database: WORKER_DATABASE, telemetry: Telemetry }, ({ database, telemetry }) =>
    telemetry.watchCommitter(database.committer),
  ),
  provide(LogStore, { database: WORKER_DATABASE, telemetry: Telemetry }, ({ database, telemetry }) =>
    telemetry.watchLogs(database.logStore),
  ),
  ...portsOf(WORKER_DATABASE, {
    claims: Claims,
    assignments: Assignments,
    logStore: SealableLogStore,
    archives: Archives,
    outbox: Outbox,
    exports: Exports,
    announcements: Announcements,
    objectReferences: ObjectReferences,
    probeDocuments: ProbeDocuments,
    runEnvironments: RunEnvironments,
    keyRecords: KeyRecords,
    storeRecords: StoreRecords,
    runReader: RunReader,
    clock: DatabaseClock,
    due: DueListener,
  }),
];

/** Providers by database role. */
const ROLES = { web: WEB, worker: WORKER };
/** A database role of services. */
export type PostgresRole = keyof typeof ROLES;

/** Connects to PostgreSQL in one role, and provides the ports of this role. Closed after all modules that use them. */
@Module({})
export class PostgresModule implements OnApplicationShutdown {
  /** `imports`: for the role `web`, the module of its keys, which verify what is read. */
  static forRoot({
    role,
    imports = [],
  }: {
    readonly role: PostgresRole;
    readonly imports?: DynamicModule[];
  }): DynamicModule {
    const providers = [
      ...ROLES[role],
      provide(
        DATABASE_READINESS,
        { database: DATABASE },
        ({ database }) =>
          () =>
            database.readiness(),
      ),
      provide(DATABASE_OUTAGE, {}, () => outageOf),
    ];
    const own = new Set<unknown>([DATABASE, WEB_DATABASE, WORKER_DATABASE]);
    const exported = providers.map(tokenOf).filter((one) => !own.has(one));
    return {
      module: PostgresModule,
      imports: [FileStorageModule, ...imports],
      providers,
      exports: [FileStorageModule, ...exported],
    };
  }

  constructor(@Inject(DATABASE) private readonly database: OpenDatabase) {}

  onApplicationShutdown(): Promise<void> {
    return this.database.close();
  }
}

async function openWeb({
  configuration,
  place,
  telemetry,
  recordKeys,
}: {
  readonly configuration: Configuration;
  readonly place: DatabasePlace;
  readonly telemetry: Telemetry;
  readonly recordKeys: KeyRing;
}): Promise<WebDatabase> {
  const { database: settings, scheduler } = configuration;
  const webUrl = await place.urlOf('web');
  if (webUrl === null)
    throw new TypeError('database.webUrl is not set: the configuration was not read for a webservice');
  const database = await inPlace(place, telemetry, (onError) =>
    openWebDatabase(webUrl, {
      connections: settings.poolSize,
      connectTimeoutMs: settings.connectTimeout,
      statementTimeoutMs: settings.statementTimeout,
      allowLoss: settings.allowUnsafe,
      keptTicks: scheduler.history,
      recordKeys,
      onError,
      onOutage: sayOutage(telemetry),
    }),
  );
  return watched(database, telemetry);
}

async function openWorker({
  url,
  place,
  configuration,
  telemetry,
  repeatedCommits,
}: {
  readonly url: string;
  readonly place: DatabasePlace;
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
  readonly repeatedCommits: RepeatedCommits;
}): Promise<WorkerDatabase> {
  const { database: settings, worker } = configuration;
  const database = await inPlace(place, telemetry, (onError) =>
    openWorkerDatabase(url, {
      connections: settings.poolSize,
      connectTimeoutMs: settings.connectTimeout,
      leaseMs: worker.lease,
      statementTimeoutMs: settings.statementTimeout,
      allowLoss: settings.allowUnsafe,
      onError,
      onOutage: sayOutage(telemetry),
      commitFailures: repeatedCommits,
      ...telemetry.watchFleet(),
      onFlushed: (runs, ms) => {
        telemetry.metrics.record('taskrunner_flush_runs', runs);
        telemetry.metrics.record('taskrunner_flush_duration_seconds', ms / 1_000);
      },
    }),
  );
  return watched(database, telemetry);
}

/** An outage ends all connections of a process. The first one is logged, and others within this time are not; milliseconds. */
const CONNECTIONS_QUIET_MS = 10_000;

/** Opens a database, whose server is not stopped before it is closed. */
async function inPlace<Database extends Pick<OpenDatabase, 'close'>>(
  place: DatabasePlace,
  telemetry: Telemetry,
  open: (onError: (error: unknown) => void) => Promise<Database>,
): Promise<Database> {
  const leave = place.enter();
  // A connection that is being closed may still hear from its server that it ends.
  let isClosing = false;
  try {
    const database = await open((error) => {
      if (isClosing) return;
      telemetry.outages.first('database.connection-lost', CONNECTIONS_QUIET_MS, () =>
        telemetry.log.say('warn', 'database.connection-lost', { error }),
      );
    });
    const close = async (): Promise<void> => {
      isClosing = true;
      await database.close();
      await leave();
    };
    return { ...database, close };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Adds measurement, which ends before the database is closed: no query of it may reach a closed pool. */
function watched<Database extends MeasuredDatabase & Pick<OpenDatabase, 'close'> & { readonly health: DatabaseHealth }>(
  database: Database,
  telemetry: Telemetry,
): Database {
  const { health } = database;
  telemetry.metrics.observe('taskrunner_database_writable', () => [[health.outage === null ? 1 : 0]]);
  const end = telemetry.watchDatabase(database);
  const close = async (): Promise<void> => {
    await end();
    await database.close();
  };
  return { ...database, close };
}

/** Logs once, with the first error, that the database stores nothing, and once that it stores again. */
function sayOutage({ log, outages }: Telemetry): (outage: DatabaseOutage | null) => void {
  return (outage) =>
    outages.note('database', outage !== null, () => {
      if (outage === null) log.say('info', 'database.writable', {});
      else log.say('error', 'database.unwritable', { ...outage });
    });
}
