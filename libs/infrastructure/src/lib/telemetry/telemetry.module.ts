import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { provide } from '../composition/provide';
import { CONFIGURATION } from '../configuration/configuration.module';
import { Telemetry } from './telemetry';
import type { Service } from './telemetry-options';

/** Provides log, metrics and spans of the process to every module. Closed after all other modules, which may log until then. */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  static forRoot(service: Service): DynamicModule {
    return {
      module: TelemetryModule,
      global: true,
      providers: [
        provide(Telemetry, { configuration: CONFIGURATION }, ({ configuration }) =>
          Telemetry.open(configuration.telemetry, service),
        ),
      ],
      exports: [Telemetry],
    };
  }

  constructor(private readonly telemetry: Telemetry) {}

  onApplicationShutdown(): Promise<void> {
    return this.telemetry.close();
  }
}
