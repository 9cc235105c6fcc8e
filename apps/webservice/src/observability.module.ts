import { Module, type DynamicModule } from '@nestjs/common';
import { STORED_DOCUMENTS } from '@taskrunner/core/stored';
import { provide, Telemetry } from '@taskrunner/infrastructure/modules';
import { Observability } from './observability';

/** The webservice's observability, based on its telemetry. */
@Module({})
export class ObservabilityModule {
  static forRoot(): DynamicModule {
    return {
      module: ObservabilityModule,
      providers: [provide(Observability, { telemetry: Telemetry }, ({ telemetry }) => observabilityOf(telemetry))],
      exports: [Observability],
    };
  }
}

function observabilityOf(telemetry: Telemetry): Observability {
  const { log, metrics, tracing } = telemetry;
  for (const document of STORED_DOCUMENTS) metrics.add('taskrunner_documents_altered_total', 0, { document });
  return {
    log,
    alarm(fields, altered) {
      metrics.add('taskrunner_alarms_total', 1);
      if (altered !== undefined) metrics.add('taskrunner_documents_altered_total', 1, { document: altered });
      log.say('error', 'alarm', fields);
    },
    watch: telemetry.watchRequests(),
    traceId: () => tracing.traceId(),
    metricsText: () => telemetry.metricsText(),
  };
}
