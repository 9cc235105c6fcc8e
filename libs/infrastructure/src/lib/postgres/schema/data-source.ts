import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { migrations } from '../migrations/migrations';

/** TypeORM's connection of the owner, for migrations alone (ADR 50). The schema is what they say: there are no entities, nothing synchronises it. */
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
    extra: { keepAlive: true, options: '-c lock_timeout=10s' },
    poolErrorHandler: () => undefined,
  });
}
