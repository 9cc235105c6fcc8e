import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { migrations } from './migrations/migrations';

/** TypeORM's view of the database: one connection for migrations. The schema is what the migrations say; nothing synchronises it. */
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
