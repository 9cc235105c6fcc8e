import { ANNOUNCEMENT_TYPES, type DeliverWebhookDependencies } from '@taskrunner/core';
import {
  endpointId,
  endpointRule,
  loadWebhookSecret,
  WebhookMessenger,
  type Configuration,
  type WebhookEndpoint,
} from '@taskrunner/infrastructure';
import type { WorkerParts } from './worker-parts.module';

/** What tells outside what happens in runs. */
export async function webhookDependencies(
  configuration: Configuration,
  { database }: Pick<WorkerParts, 'database'>,
): Promise<DeliverWebhookDependencies> {
  const { webhooks, http } = configuration;
  const endpoints = await Promise.all(
    webhooks.endpoints.map(async (endpoint): Promise<WebhookEndpoint> => {
      const rule = endpointRule(endpoint);
      if (!rule) throw new TypeError(`the webhook ${endpoint.url} cannot be read`);
      const secret = await loadWebhookSecret(endpoint.secretFile);
      return { id: endpointId(endpoint), url: endpoint.url, secret, rule };
    }),
  );
  return {
    announcements: database.announcements,
    messenger: await WebhookMessenger.open(endpoints, { timeoutMs: webhooks.timeout, now: () => Date.now() }),
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
