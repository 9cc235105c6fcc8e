import { Module, type DynamicModule } from '@nestjs/common';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import { DATABASE_READINESS, objectsReadiness, provide } from '@taskrunner/infrastructure/modules';
import { Departure } from '../departure';
import { Observability } from '../observability';
import { Readiness } from './health.controller';
import { HealthServer } from './health-server';
import { MetricsExporter } from './metrics.controller';

/** Readiness and metrics of this process, and the server for them. */
@Module({})
export class HealthModule {
  /** `imports`: the modules of the database, of the object store and of telemetry. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: HealthModule,
      imports,
      providers: [
        Departure,
        provide(
          Readiness,
          { departure: Departure, database: DATABASE_READINESS, objects: ObjectStoreHealth },
          ({ departure, database, objects }) => ({
            ready: () => departure.readiness(database),
            objects: () => objectsReadiness(objects),
          }),
        ),
        provide(MetricsExporter, { observability: Observability }, ({ observability }) => ({
          text: () => observability.metricsText(),
        })),
        HealthServer,
      ],
      exports: [Departure, HealthServer],
    };
  }
}
