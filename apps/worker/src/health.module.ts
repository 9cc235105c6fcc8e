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

/** The worker itself: one without an environment claims nothing, and one whose duties fail does nothing. Neither is ready. */
export function workerReadiness(parts: Parts): () => Promise<Answer> {
  return async () => workReadiness(parts);
}

function workReadiness({ departure, capabilities, sandboxes, duties }: Parts): Answer {
  if (departure.hasBegun) return DRAINING;
  if (capabilities.description.environments.length === 0) return { ready: false, reason: lackOf(sandboxes) };
  const trouble = duties.trouble();
  return { ready: trouble === null, reason: trouble };
}

const DRAINING: Answer = { ready: false, reason: 'the worker is draining' };

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
          parts: () => {
            const worker = workerReadiness(parts);
            // While it drains, nothing else is the cause.
            if (parts.departure.hasBegun) return { worker };
            return { database: parts.database, objects: () => objectsReadiness(objects), worker };
          },
        })),
        provide(MetricsExporter, { telemetry: Telemetry }, ({ telemetry }) => ({
          text: () => telemetry.metricsText(),
        })),
      ],
    };
  }
}
