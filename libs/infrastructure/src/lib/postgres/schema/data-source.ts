import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { GuardedClient } from '../connection/guarded-client';
import { migrations } from '../migrations/migrations';

/**
 * TypeORM's connection with the owner role, only for migrations (ADR 50). The migrations define the schema: there are no entities and no
 * synchronisation.
 */
export function ownerDataSource(ownerUrl: string): DataSource {
  return new DataSource({
    type: 'postgres',
    url: ownerUrl,
    schema: 'pack_runs',
    applicationName: 'taskrunner migrate',
    synchronize: false,
    migrations,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    poolSize: 2,
    logging: false,
    extra: { Client: GuardedClient, keepAlive: true, options: '-c lock_timeout=10s' },
    poolErrorHandler: () => undefined,
  });
}
