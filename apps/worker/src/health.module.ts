import { Module, type DynamicModule } from '@nestjs/common';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import {
  HEALTH_ROUTES,
  MetricsExporter,
  objectsReadiness,
  provide,
  Readiness,
  Telemetry,
} from '@taskrunner/infrastructure/modules';
import { OF_READINESS, workerReadiness } from './worker-readiness';

/** Readiness and metrics of this process on the health port. */
@Module({})
export class HealthModule {
  /** `imports`: the modules of the loops, the database, the object store and the sandboxes. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: HealthModule,
      imports: [...HEALTH_ROUTES.imports, ...imports],
      controllers: HEALTH_ROUTES.controllers,
      providers: [
        provide(Readiness, { ...OF_READINESS, objects: ObjectStoreHealth }, ({ objects, ...parts }) => ({
          ready: workerReadiness(parts),
          objects: () => objectsReadiness(objects),
        })),
        provide(MetricsExporter, { telemetry: Telemetry }, ({ telemetry }) => ({
          text: () => telemetry.metricsText(),
        })),
      ],
    };
  }
}
