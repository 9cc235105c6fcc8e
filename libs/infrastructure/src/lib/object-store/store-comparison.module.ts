import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { compareStore, ObjectStoreHealth } from '@taskrunner/core/operations';
import { isStoreOutage, StoreRecords } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { refusal } from './object-store-error';
import { foreignStore } from './open-object-store';
import { StoreAdmission } from './watched-object-store';

/** What the comparison of the object store with the database found. `later`: the store is unavailable, and is compared before it is used. */
const COMPARED_STORE = token<'same' | 'later' | 'not compared'>('object store that was compared with the database');

/**
 * Compares the object store with the one that the database knows, before anything starts. With another store, a service would answer that all
 * objects are missing, and a worker would delete the objects of the other installation.
 */
@Module({})
export class StoreComparisonModule {
  /** `imports`: the modules of the database and of the object store. Composition fails with `OBJECT_STORE_FOREIGN`. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    const compared = provide(
      COMPARED_STORE,
      { admission: StoreAdmission, records: StoreRecords, health: ObjectStoreHealth, configuration: CONFIGURATION },
      async ({ admission, records, health, configuration: { artifacts, database } }) => {
        const identity = admission.identity();
        if (identity === null) return 'not compared';
        const compare = async (): Promise<void> => {
          const difference = await compareStore({ records, identity, newId: randomUUID });
          if (difference === null) return;
          await identity.abandon?.();
          throw foreignStore(artifacts, difference, database);
        };
        try {
          await compare();
          return 'same';
        } catch (error) {
          if (!isStoreOutage(error)) throw error;
          admission.after(() => compare().catch(refuse));
          health.note(error);
          return 'later';
        }
      },
    );
    return { module: StoreComparisonModule, imports, providers: [compared], exports: [COMPARED_STORE] };
  }
}

/** Callers are told by the code of an outage, and not where the store is. The log has the cause. */
function refuse(error: unknown): never {
  if (isStoreOutage(error)) throw error;
  throw refusal(
    'OBJECT_STORE_UNAVAILABLE',
    'the object store could not be recognised as that of this installation',
    error,
  );
}
