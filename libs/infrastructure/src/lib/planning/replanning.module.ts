import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { PlanningLimits } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { cedarEngine } from '../policies/cedar-engine';
import { Sandboxes } from '../sandbox/sandboxes';
import { SECRETS } from '../secrets/secrets.module';
import { PlanningThreads } from './planning-threads';

/** Threads that plan admitted packs again. */
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
            // Created before any thread, which would inherit the secrets in the environment.
            secrets: SECRETS,
            // The start of the threads is not awaited, and would take processor time from the probes, which are awaited.
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
 * Limits for planning again what was admitted within `limits`. They are wider, because this machine may be slower, and a run must not fail
 * for that. As many tasks may wait as there are slots.
 */
function limitsOf({ limits }: Configuration): PlanningLimits {
  return { memory: 2 * limits.planMemory, time: 10 * limits.planTime, threads: 1, queue: Infinity };
}
