import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import { ObjectStore, type CollectableObjectStore } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { adapterToken, token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { Telemetry } from '../telemetry/telemetry';
import { namingStore, openObjectStore } from './open-object-store';
import { sayOutage, StoreAdmission, WatchedObjectStore, type ObjectStoreWatch } from './watched-object-store';

/** The adapter behind `ObjectStore`, before it is watched. Replace it to use another store whose outages are still detected. */
export const OBJECT_STORE_ADAPTER = adapterToken<CollectableObjectStore>('OBJECT_STORE_ADAPTER');

const WATCH = token<ObjectStoreWatch>('watch over the object store');

/** Provides the object store of the installation (`artifacts`). It is watched: a failure of one operation is visible to all users. */
@Module({})
export class ObjectStoreModule implements OnApplicationShutdown {
  static forRoot(): DynamicModule {
    return {
      module: ObjectStoreModule,
      providers: [
        provide(OBJECT_STORE_ADAPTER, { configuration: CONFIGURATION }, ({ configuration }) =>
          namingStore(configuration.artifacts, () => openObjectStore(configuration.artifacts)),
        ),
        provide(WATCH, { configuration: CONFIGURATION, telemetry: Telemetry }, ({ configuration, telemetry }) => ({
          ...configuration.artifacts.probe,
          monotonicMs: () => performance.now(),
          onChange: sayOutage(telemetry),
        })),
        provide(
          ObjectStore,
          { adapter: OBJECT_STORE_ADAPTER, watch: WATCH },
          ({ adapter, watch }) => new WatchedObjectStore(adapter, watch),
        ),
        provide(StoreAdmission, { store: ObjectStore }, ({ store }) => new StoreAdmission(store)),
        provide(
          ObjectStoreHealth,
          { store: ObjectStore, watch: WATCH, telemetry: Telemetry },
          ({ store, watch, telemetry }) => {
            const health = healthOf(store, watch);
            telemetry.metrics.observe('taskrunner_object_store_available', () => [[health.outage === null ? 1 : 0]]);
            return health;
          },
        ),
      ],
      exports: [ObjectStore, ObjectStoreHealth, StoreAdmission],
    };
  }

  constructor(private readonly health: ObjectStoreHealth) {}

  onApplicationShutdown(): void {
    this.health.close();
  }
}

/** The health of the store. A store that replaces the watched one is only probed. */
function healthOf(store: ObjectStore, { bytes, interval, monotonicMs, onChange }: ObjectStoreWatch): ObjectStoreHealth {
  if (store instanceof WatchedObjectStore) return store.health;
  return new ObjectStoreHealth({ store, probeBytes: bytes, intervalMs: interval, monotonicMs, onChange });
}
