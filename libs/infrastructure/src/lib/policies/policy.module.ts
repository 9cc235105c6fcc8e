import { Module, type DynamicModule } from '@nestjs/common';
import type { PolicyJudges } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { CedarJudge } from './cedar-judge';

/** Policy engines besides CEL, by name. */
export const POLICY_JUDGES = token<PolicyJudges>('judges of policies');

/** Policy engines (`policies`). */
@Module({})
export class PolicyModule {
  static forRoot(): DynamicModule {
    return {
      module: PolicyModule,
      providers: [
        provide(
          POLICY_JUDGES,
          { configuration: CONFIGURATION },
          ({ configuration }): PolicyJudges => new Map([['cedar', new CedarJudge(configuration.policies.timeout)]]),
        ),
      ],
      exports: [POLICY_JUDGES],
    };
  }
}
