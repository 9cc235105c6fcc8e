import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { PlanningLimits } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { cedarEngine } from '../policies/cedar-engine';
import { Sandboxes } from '../sandbox/sandboxes';
import { SECRETS } from '../secrets/secrets.module';
import { ClosablePlanner, openPlanner, type PlanningPlace } from './closable-planner';

/** Provides a planner that plans admitted packs again. */
@Module({})
export class ReplanningModule implements OnApplicationShutdown {
  /** `imports`: the modules that provide `SECRETS` and `Sandboxes`. */
  static forRoot({
    imports,
    place,
  }: {
    readonly imports: DynamicModule[];
    readonly place: PlanningPlace;
  }): DynamicModule {
    return {
      module: ReplanningModule,
      imports,
      providers: [
        provide(
          ClosablePlanner,
          {
            configuration: CONFIGURATION,
            // Created before any thread, because threads inherit the environment with its secrets.
            secrets: SECRETS,
            // The threads start in the background and would take processor time from the probes, so the probes come first.
            sandboxes: Sandboxes,
          },
          ({ configuration }) =>
            openPlanner(place, { setting: null, policyEngines: { cedar: cedarEngine } }, limitsOf(configuration)),
        ),
      ],
      exports: [ClosablePlanner],
    };
  }

  constructor(private readonly planner: ClosablePlanner) {}

  onApplicationShutdown(): Promise<void> {
    return this.planner.close();
  }
}

/**
 * Limits for planning admitted packs again. They are wider than `limits`, because this machine may be slower than the one that admitted the
 * run, and the run must not fail for that. The queue is unbounded, because the number of slots limits the tasks.
 */
function limitsOf({ limits }: Configuration): PlanningLimits {
  return { memory: 2 * limits.planMemory, time: 10 * limits.planTime, threads: 1, queue: Infinity };
}
