import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Client } from 'pg';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { databaseUrlOf } from '../configuration/database-urls';
import { maintainDatabase } from '../postgres/upkeep/maintain';
import { Telemetry } from '../telemetry/telemetry';
import { maintainDaily } from './daily-maintenance';
import { damageOfLog } from './damaged-log';
import { openFolderDatabase } from './folder-database';
import { LastOut } from './last-out';

/** Where the database is. It is opened before anything connects. */
export interface DatabasePlace {
  /** The connection URL of a role; null if none is configured. It is secret. */
  urlOf(role: 'web' | 'worker'): Promise<string | null>;
  /** True if the server belongs to this process. Other processes cannot open the folder, but can connect with a URL of this one. */
  readonly isOwn: boolean;
  /**
   * Resolves if the server of the folder has ended before it is closed, and was not started again. Nothing can be stored from then on, and the
   * process must end.
   */
  readonly lost: Promise<void>;
  /** To be called by who connects. The result is called after the last connection is closed; it stops the server if it has to be. */
  enter(): () => Promise<void>;
  /** To be called when the application has started: a database that was created now is kept from then on. */
  keep(): void;
  /**
   * Stops the server, after all who have entered have left. A database that was created now is deleted if the application has not started and
   * nothing depends on the database: a refused start leaves nothing behind.
   */
  close(): Promise<void>;
}

export const DATABASE_PLACE = token<DatabasePlace>('place of the database');

const nothing = async (): Promise<void> => undefined;
const NEVER = new Promise<void>(() => undefined);
/** Connections beside the pools: of the flush, the hints and the lease of a worker and of a run in quarantine, of maintenance and migration. */
const FURTHER_CONNECTIONS = 20;
/** A webservice, a worker, and the process of a run in quarantine. */
const MOST_POOLS = 3;

/**
 * Opens the storage folder if the configuration names one (`database.kind: file`). All modules of an application that import it get the same
 * instance, so webservice and worker of one process share one server. It is maintained daily, and closed after them.
 */
@Module({
  providers: [provide(DATABASE_PLACE, { configuration: CONFIGURATION, telemetry: Telemetry }, openPlace)],
  exports: [DATABASE_PLACE],
})
export class FileStorageModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(DATABASE_PLACE) private readonly place: DatabasePlace) {}

  onApplicationBootstrap(): void {
    this.place.keep();
  }

  onApplicationShutdown(): Promise<void> {
    return this.place.close();
  }
}

async function openPlace({
  configuration,
  telemetry,
}: {
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
}): Promise<DatabasePlace> {
  const { kind, folder, poolSize } = configuration.database;
  if (kind === 'postgres' || folder === null)
    return {
      urlOf: (role) => databaseUrlOf(configuration, role),
      isOwn: false,
      lost: NEVER,
      enter: () => nothing,
      keep: () => undefined,
      close: nothing,
    };
  const database = await openFolderDatabase(folder, {
    connections: MOST_POOLS * poolSize + FURTHER_CONNECTIONS,
    log: (line) => {
      telemetry.log.say('debug', 'database.server', { line });
      const reason = damageOfLog(line);
      if (reason !== null) telemetry.log.say('warn', 'database.log-damaged', { reason });
    },
    restarts: {
      onEnded: ({ code, signal }) => telemetry.log.say('error', 'database.server-ended', { code, signal }),
      onRestarted: ({ tookMs }) => telemetry.log.say('info', 'database.server-restarted', { tookMs }),
      onLost: (error) => telemetry.log.say('error', 'database.server-lost', { error }),
    },
  });
  let isClosing = false;
  let isKept = !database.isNew;
  const lost = database.ended.then(() => (isClosing ? NEVER : undefined));
  const endMaintenance = maintainDaily(async () => {
    await maintainDatabase(database.urls.maintainUrl, configuration.retention).catch((error: unknown) =>
      telemetry.log.say('error', 'database.maintenance-failed', { error }),
    );
  });
  const users = new LastOut(async () => {
    await endMaintenance();
    isClosing = true;
    if (isKept || (await hasStore(database.urls.maintainUrl))) await database.close();
    else await database.discard();
  });
  return {
    urlOf: async (role) => database.urls[`${role}Url`],
    isOwn: true,
    lost,
    enter: () => users.enter(),
    keep: () => void (isKept = true),
    close: () => users.close(),
  };
}

/** True if the object store may have the id that this database has recorded. It could not be used without the database. */
async function hasStore(maintainUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: maintainUrl });
  try {
    await client.connect();
    const { rows } = await client.query('select from pack_artifacts.object_store');
    return rows.length > 0;
  } catch {
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
