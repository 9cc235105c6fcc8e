import { Module, type DynamicModule } from '@nestjs/common';
import { token } from '../composition/token';
import type { Configuration } from './configuration';

/** The configuration of the process. */
export const CONFIGURATION = token<Configuration>('configuration');

/** The configuration, for every module. */
@Module({})
export class ConfigurationModule {
  static forRoot(configuration: Configuration): DynamicModule {
    return {
      module: ConfigurationModule,
      global: true,
      providers: [{ provide: CONFIGURATION, useValue: configuration }],
      exports: [CONFIGURATION],
    };
  }
}
