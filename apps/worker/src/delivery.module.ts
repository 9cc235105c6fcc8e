import { Module, type DynamicModule } from '@nestjs/common';
import type { DeliverDependencies, DeliverWebhookDependencies } from '@taskrunner/core/operations';
import { ANNOUNCEMENT_TYPES, Announcements, Exports, Messenger, ObjectStore, RunReader } from '@taskrunner/core/ports';
import { CONFIGURATION, provide, Telemetry } from '@taskrunner/infrastructure/modules';
import { endpointId, EXPORT_DESTINATIONS } from '@taskrunner/infrastructure/worker-modules';
import type { Configuration } from '@taskrunner/infrastructure/modules';
import { AnnounceLoop } from './loops/announce-loop';
import { ExportLoop } from './loops/export-loop';

const ANNOUNCE_INTERVAL_MS = 500;
const IDLE_ANNOUNCE_INTERVAL_MS = 60_000;
/** A try may take the configured time. After that another worker may take the announcement. */
const ANNOUNCE_LEASE_MARGIN_MS = 20_000;

/** Deliveries to the outside: announcements to endpoints, sealed evidence to destinations. */
@Module({})
export class DeliveryModule {
  /** `imports`: the modules of the database, the object store, webhooks and destinations. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: DeliveryModule,
      imports,
      providers: [
        provide(
          AnnounceLoop,
          {
            announcements: Announcements,
            messenger: Messenger,
            configuration: CONFIGURATION,
            telemetry: Telemetry,
          },
          ({ configuration, telemetry, ...ports }) =>
            new AnnounceLoop({ ...ports, ...announcingSettings(configuration) }, telemetry.log, {
              // If no endpoint is configured, announcements for earlier endpoints expire.
              intervalMs:
                configuration.webhooks.endpoints.length > 0 ? ANNOUNCE_INTERVAL_MS : IDLE_ANNOUNCE_INTERVAL_MS,
              leaseMs: configuration.webhooks.timeout + ANNOUNCE_LEASE_MARGIN_MS,
            }),
        ),
        provide(
          ExportLoop,
          {
            runReader: RunReader,
            objects: ObjectStore,
            destinations: EXPORT_DESTINATIONS,
            exports: Exports,
            configuration: CONFIGURATION,
            telemetry: Telemetry,
          },
          ({ configuration, telemetry, ...ports }) =>
            new ExportLoop({ ...ports, ...exportSettings(configuration) }, telemetry.log),
        ),
      ],
      exports: [AnnounceLoop, ExportLoop],
    };
  }
}

function announcingSettings({
  webhooks,
  http,
}: Configuration): Omit<DeliverWebhookDependencies, 'announcements' | 'messenger'> {
  return {
    endpoints: webhooks.endpoints.map((endpoint) => ({
      tenant: endpoint.tenant,
      stream: endpointId(endpoint),
      types: endpoint.types.length > 0 ? endpoint.types : ANNOUNCEMENT_TYPES,
    })),
    publicUrl: (http.publicUrl ?? `http://${http.host}:${http.port}`).replace(/\/+$/, ''),
    retries: {
      firstMs: webhooks.firstRetry,
      longestMs: webhooks.longestRetry,
      giveUpMs: webhooks.giveUpAfter,
    },
    random: () => Math.random(),
  };
}

function exportSettings({
  artifacts,
}: Configuration): Pick<DeliverDependencies, 'retryMs' | 'longestRetryMs' | 'giveUpAfterMs' | 'timeoutMs'> {
  const { retry, longestRetry, giveUpAfter, timeout } = artifacts.exports;
  return { retryMs: retry, longestRetryMs: longestRetry, giveUpAfterMs: giveUpAfter, timeoutMs: timeout };
}
