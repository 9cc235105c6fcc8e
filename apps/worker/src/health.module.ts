import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import { DATABASE_READINESS, objectsReadiness, provide, Telemetry } from '@taskrunner/infrastructure/modules';
import { Sandboxes } from '@taskrunner/infrastructure/worker-modules';
import { Capabilities } from './capabilities';
import { Departure } from './departure';
import { Duties } from './loops/duties';
import { HealthController, Readiness } from './health.controller';
import { MetricsController, MetricsExporter } from './metrics.controller';

/** Readiness and metrics of this process on the health port. */
@Module({})
export class HealthModule {
  /** `imports`: the modules of the loops, the database, the object store and the sandboxes. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 }), ...imports],
      controllers: [HealthController, MetricsController],
      providers: [
        provide(
          Readiness,
          {
            departure: Departure,
            capabilities: Capabilities,
            sandboxes: Sandboxes,
            database: DATABASE_READINESS,
            duties: Duties,
            objects: ObjectStoreHealth,
          },
          ({ departure, capabilities, sandboxes, database, duties, objects }) => ({
            // A worker without an environment claims nothing, and a worker whose duties fail does nothing: neither is ready.
            ready: async () => {
              if (departure.hasBegun) return { ready: false, reason: 'the worker drains' };
              if (capabilities.description.environments.length === 0)
                return { ready: false, reason: lackOf(sandboxes) };
              const answer = await database();
              const trouble = duties.trouble();
              return answer.ready && trouble !== null ? { ready: false, reason: trouble } : answer;
            },
            objects: () => objectsReadiness(objects),
          }),
        ),
        provide(MetricsExporter, { telemetry: Telemetry }, ({ telemetry }) => ({
          text: () => telemetry.metricsText(),
        })),
      ],
    };
  }
}

function lackOf({ refused }: Sandboxes): string {
  const names = refused.map(({ profile }) => profile).join(', ');
  return names === '' ? 'the container engine is not here' : `the sandbox profile ${names} cannot be enforced here`;
}
