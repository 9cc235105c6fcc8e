import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { PlanningLimits } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { cedarEngine } from '../policies/cedar-engine';
import { Sandboxes } from '../sandbox/sandboxes';
import { SECRETS } from '../secrets/secrets.module';
import { PlanningThreads } from './planning-threads';

/** Threads that plan again what was admitted. */
@Module({})
export class ReplanningModule implements OnApplicationShutdown {
  /** `imports`: the modules that provide `SECRETS` and `Sandboxes`. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: ReplanningModule,
      imports,
      providers: [
        provide(
          PlanningThreads,
          {
            configuration: CONFIGURATION,
            // Before a thread: it would inherit what stands in the environment.
            secrets: SECRETS,
            // The start of the threads is not waited for, and would take the processor from the probes, which are.
            sandboxes: Sandboxes,
          },
          ({ configuration }) =>
            new PlanningThreads({ setting: null, policyEngines: { cedar: cedarEngine } }, limitsOf(configuration)),
        ),
      ],
      exports: [PlanningThreads],
    };
  }

  constructor(private readonly threads: PlanningThreads) {}

  onApplicationShutdown(): Promise<void> {
    return this.threads.close();
  }
}

/**
 * Limits of planning again what was admitted within `limits`: this machine may be slower, and a run is not given up for that. As
 * many wait as there are slots.
 */
function limitsOf({ limits }: Configuration): PlanningLimits {
  return { memory: 2 * limits.planMemory, time: 10 * limits.planTime, threads: 1, queue: Infinity };
}
