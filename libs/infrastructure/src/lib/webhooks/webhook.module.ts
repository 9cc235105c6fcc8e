import { Module, type DynamicModule } from '@nestjs/common';
import { Messenger } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { endpointId, endpointRule } from '../configuration/webhook-endpoints';
import { loadWebhookSecret } from '../signing/webhook-secret';
import { WebhookMessenger, type WebhookEndpoint } from './webhook-messenger';

/** Provides the sender of announcements to endpoints (`webhooks`). */
@Module({})
export class WebhookModule {
  static forRoot(): DynamicModule {
    return {
      module: WebhookModule,
      providers: [
        provide(Messenger, { configuration: CONFIGURATION }, async ({ configuration }) =>
          WebhookMessenger.open(await endpointsOf(configuration), {
            timeoutMs: configuration.webhooks.timeout,
            now: () => Date.now(),
          }),
        ),
      ],
      exports: [Messenger],
    };
  }
}

function endpointsOf({ webhooks }: Configuration): Promise<readonly WebhookEndpoint[]> {
  return Promise.all(
    webhooks.endpoints.map(async (endpoint): Promise<WebhookEndpoint> => {
      const rule = endpointRule(endpoint);
      if (!rule) throw new TypeError(`the webhook ${endpoint.url} cannot be read`);
      const secret = await loadWebhookSecret(endpoint.secretFile);
      return { id: endpointId(endpoint), url: endpoint.url, secret, rule };
    }),
  );
}
