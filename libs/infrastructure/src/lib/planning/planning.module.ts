import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { planningContextOf, PackPlanner, type PlanningSetting, type PlanningWork } from '@taskrunner/core/operations';
import type { ExecutorDescriptor } from '@taskrunner/core/plan';
import { Planner, type PlanningLimits } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token, type Token } from '../composition/token';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { egressRulesOf } from '../configuration/egress-settings';
import { environmentsOf, isolationOf, profileDefaultsOf, retryRuleOf } from '../configuration/environment-of';
import { EXECUTOR_DESCRIPTORS } from '../executors/executor.module';
import { cedarEngine } from '../policies/cedar-engine';
import { PACK_TRUST } from '../registry/pack-registry.module';
import { SENSITIVE_INPUTS_KEY } from '../signing/signing.module';
import { openPlanner, type ClosablePlanner, type PlanningPlace } from './closable-planner';

/** The environments for which packs are planned, and all other inputs of planning. */
export const PLANNING_SETTING = token<PlanningSetting>('planning setting');

const PLANNER: Token<Planner<PlanningWork>> = Planner<PlanningWork>;

/** Provides a planner of packs within limits (`limits.plan…`). */
@Module({})
export class PlanningModule implements OnApplicationShutdown {
  /** `imports`: the modules that provide `PACK_TRUST`, `SENSITIVE_INPUTS_KEY` and `EXECUTOR_DESCRIPTORS`. */
  static forRoot({
    imports,
    place,
  }: {
    readonly imports: DynamicModule[];
    readonly place: PlanningPlace;
  }): DynamicModule {
    return {
      module: PlanningModule,
      imports,
      providers: [
        provide(
          PLANNING_SETTING,
          {
            configuration: CONFIGURATION,
            packTrust: PACK_TRUST,
            sensitiveInputs: SENSITIVE_INPUTS_KEY,
            executors: EXECUTOR_DESCRIPTORS,
          },
          settingOf,
        ),
        provide(PLANNER, { setting: PLANNING_SETTING, configuration: CONFIGURATION }, ({ setting, configuration }) =>
          openPlanner(place, planningContextOf(setting), limitsOf(configuration)),
        ),
        provide(
          PackPlanner,
          { setting: PLANNING_SETTING, planner: PLANNER },
          ({ setting, planner }) => new PackPlanner(setting, planner),
        ),
      ],
      exports: [PLANNING_SETTING, PackPlanner],
    };
  }

  constructor(@Inject(PLANNER) private readonly planner: Planner<PlanningWork>) {}

  async onApplicationShutdown(): Promise<void> {
    if (isClosable(this.planner)) await this.planner.close();
  }
}

function settingOf({
  configuration,
  packTrust,
  sensitiveInputs,
  executors,
}: {
  readonly configuration: Configuration;
  readonly packTrust: Parameters<typeof environmentsOf>[1]['packTrust'];
  readonly sensitiveInputs: object | null;
  readonly executors: readonly ExecutorDescriptor[];
}): PlanningSetting {
  const isolation = isolationOf(configuration);
  if (isolation === null)
    throw new TypeError('sandbox.profile is auto: the configuration was not read for a webservice');
  const environments = environmentsOf(configuration, { isolation, executors, packTrust });
  return {
    environment: environments.usual,
    sealedEnvironment: environments.sealed,
    configuration: {
      defaults: profileDefaultsOf(configuration),
      retries: retryRuleOf(configuration),
      grants: configuration.approvals.grants,
      secrets: {},
      interpreters: configuration.sandbox.interpreters,
      egress: egressRulesOf(configuration),
      sensitiveInputs: sensitiveInputs !== null,
      policyEngines: { cedar: cedarEngine },
    },
    bindings: configuration.secrets.bindings,
  };
}

function limitsOf({ limits }: Configuration): PlanningLimits {
  return { memory: limits.planMemory, time: limits.planTime, threads: limits.planThreads, queue: limits.planQueue };
}

/** An application can supply another planner. */
function isClosable(planner: Planner<PlanningWork>): planner is ClosablePlanner {
  return 'close' in planner;
}
