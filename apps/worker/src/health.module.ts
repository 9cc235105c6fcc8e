import { Module, type DynamicModule } from '@nestjs/common';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import {
  DATABASE_READINESS,
  HEALTH_ROUTES,
  MetricsExporter,
  objectsReadiness,
  provide,
  Readiness,
  Telemetry,
  type Sources,
} from '@taskrunner/infrastructure/modules';
import { Sandboxes } from '@taskrunner/infrastructure/worker-modules';
import { Capabilities } from './capabilities';
import { Departure } from './departure';
import { Duties } from './loops/duties';

interface Answer {
  readonly ready: boolean;
  readonly reason: string | null;
}

/** What the readiness of a worker depends on. */
interface Parts {
  readonly departure: Departure;
  readonly capabilities: Capabilities;
  readonly sandboxes: Sandboxes;
  readonly database: () => Promise<Answer>;
  readonly duties: Duties;
}

/** Tokens of what the readiness of a worker depends on. */
export const OF_READINESS: Sources<Parts> = {
  departure: Departure,
  capabilities: Capabilities,
  sandboxes: Sandboxes,
  database: DATABASE_READINESS,
  duties: Duties,
};

/** A worker without an environment claims nothing, and a worker whose duties fail does nothing: neither is ready. */
export function workerReadiness({ departure, capabilities, sandboxes, database, duties }: Parts) {
  return async (): Promise<Answer> => {
    if (departure.hasBegun) return { ready: false, reason: 'the worker is draining' };
    if (capabilities.description.environments.length === 0) return { ready: false, reason: lackOf(sandboxes) };
    const answer = await database();
    const trouble = duties.trouble();
    return answer.ready && trouble !== null ? { ready: false, reason: trouble } : answer;
  };
}

function lackOf({ refused }: Sandboxes): string {
  const names = refused.map(({ profile }) => profile).join(', ');
  return names === ''
    ? 'the container engine is not available'
    : `this worker cannot enforce the sandbox profile ${names}`;
}

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
