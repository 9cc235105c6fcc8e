import { Module, type DynamicModule } from '@nestjs/common';
import type { PolicyJudges } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { adapterToken } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { CedarJudge } from './cedar-judge';

/** Policy engines beside CEL, by name. */
export const POLICY_JUDGES = adapterToken<PolicyJudges>('POLICY_JUDGES');

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
