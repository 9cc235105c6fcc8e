import { Inject, Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import {
  AlteredRuns,
  Archives,
  AttentionStore,
  AuditChain,
  EvidenceReleases,
  GateStore,
  LogStore,
  PackVersions,
  RunReader,
  RunStore,
  ScheduleStore,
  Uploads,
  WorkerDirectory,
} from '@taskrunner/core';
import { tokenOf } from '../composition/adapters';
import { provide } from '../composition/provide';
import { token, type Token } from '../composition/token';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { databaseUrlsOf } from '../configuration/database-urls';
import { Telemetry } from '../telemetry/telemetry';
import { openWebDatabase, type WebDatabase } from './databases';
import type { Readiness } from './partitions';
import { isDatabaseUnavailable } from './sql-state';

/** Says whether the database answers and has room for what comes. */
export const DATABASE_READINESS = token<() => Promise<Readiness>>('readiness of the database');
/** True if an error says that the database is away or busy. */
export const IS_DATABASE_UNAVAILABLE = token<(error: unknown) => boolean>('whether the database is away');

/** The open database of a role, whichever that is. */
interface OpenDatabase {
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

const DATABASE = token<OpenDatabase>('database');
const WEB_DATABASE = token<WebDatabase>('database of the webservice');

/** Ports, each provided by the part of the database that has its name. */
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
  provide(WEB_DATABASE, { configuration: CONFIGURATION, telemetry: Telemetry }, openWeb),
  provide(DATABASE, { database: WEB_DATABASE }, ({ database }): OpenDatabase => database),
  // A run keeps the trace of what asked for it.
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
    workerDirectory: WorkerDirectory,
  }),
];

/** Providers by the role that a process connects as. */
const ROLES = { web: WEB };
/** A role of the database that processes work with. */
export type PostgresRole = keyof typeof ROLES;

/** Connects to PostgreSQL as one role, and provides the ports that this role has. Closed after all modules that use them. */
@Module({})
export class PostgresModule implements OnApplicationShutdown {
  static forRoot({ role }: { readonly role: PostgresRole }): DynamicModule {
    const providers = [
      ...ROLES[role],
      provide(
        DATABASE_READINESS,
        { database: DATABASE },
        ({ database }) =>
          () =>
            database.readiness(),
      ),
      provide(IS_DATABASE_UNAVAILABLE, {}, () => isDatabaseUnavailable),
    ];
    const own = new Set<unknown>([DATABASE, WEB_DATABASE]);
    const exported = providers.map(tokenOf).filter((one) => !own.has(one));
    return { module: PostgresModule, providers, exports: exported };
  }

  constructor(@Inject(DATABASE) private readonly database: OpenDatabase) {}

  onApplicationShutdown(): Promise<void> {
    return this.database.close();
  }
}

async function openWeb({
  configuration,
  telemetry,
}: {
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
}): Promise<WebDatabase> {
  const { database: settings, scheduler } = configuration;
  const { webUrl } = await databaseUrlsOf(configuration);
  if (!webUrl) throw new TypeError('database.webUrl is not set: the configuration was not read for a webservice');
  const database = await openWebDatabase(webUrl, {
    connections: settings.poolSize,
    statementTimeoutMs: settings.statementTimeout,
    allowLoss: settings.allowUnsafe,
    keptTicks: scheduler.history,
    onError: (error) => telemetry.log.say('warn', 'database.connection-lost', { error }),
  });
  telemetry.watchDatabase(database);
  return database;
}
