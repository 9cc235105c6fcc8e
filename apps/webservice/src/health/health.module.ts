import { Module, type DynamicModule } from '@nestjs/common';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import {
  DATABASE_READINESS,
  FurtherReadiness,
  FurtherReadinessModule,
  HEALTH_ROUTES,
  MetricsExporter,
  objectsReadiness,
  provide,
  Readiness,
} from '@taskrunner/infrastructure/modules';
import { Departure } from '../departure';
import { Observability } from '../observability';
import { HealthServer } from './health-server';

/** The routes of the health port. It is an application of its own, so what they ask is handed over by the other one as it is. */
@Module(HEALTH_ROUTES)
class HealthRoutesModule {
  static of(readiness: Readiness, exporter: MetricsExporter): DynamicModule {
    return {
      module: HealthRoutesModule,
      providers: [
        { provide: Readiness, useValue: readiness },
        { provide: MetricsExporter, useValue: exporter },
      ],
    };
  }
}

/** Readiness and metrics of this process, and the server for them. */
@Module({})
export class HealthModule {
  /** `imports`: the modules of the database, of the object store and of telemetry. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: HealthModule,
      imports: [...imports, FurtherReadinessModule],
      providers: [
        Departure,
        provide(
          HealthServer,
          {
            departure: Departure,
            database: DATABASE_READINESS,
            further: FurtherReadiness,
            objects: ObjectStoreHealth,
            observability: Observability,
          },
          ({ departure, database, further, objects, observability }) =>
            new HealthServer(
              HealthRoutesModule.of(
                {
                  parts: () => departure.parts(further.with({ database, objects: () => objectsReadiness(objects) })),
                },
                { text: () => observability.metricsText() },
              ),
            ),
        ),
      ],
      exports: [Departure, HealthServer],
    };
  }
}
