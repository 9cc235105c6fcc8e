import { sha256 } from '@taskrunner/core/canonical';
import { parseRule, type EgressRule } from '@taskrunner/core/egress';
import type { Announcing } from '@taskrunner/core/operations';
import { ANNOUNCEMENT_TYPES } from '@taskrunner/core/ports';
import type { Configuration, WebhookConfiguration } from './configuration';

/** The only destination of an endpoint: its own host and port; null if the URL is invalid. */
export function endpointRule({ url, cidr }: WebhookConfiguration): EgressRule | null {
  const origin = /^https?:\/\/[^/?#]+/i.exec(url)?.[0];
  return origin === undefined ? null : parseRule(origin, cidr ?? undefined);
}

/** The queue name of an endpoint's messages. It is the same as long as tenant and URL are. */
export function endpointId({ tenant, url }: WebhookConfiguration): string {
  return sha256(`${tenant}\n${url}`).slice('sha256:'.length, 'sha256:'.length + 16);
}

/** The subscriptions of endpoints, in the form that the driver needs. */
export function announcingOf({ webhooks, approvals }: Configuration): Announcing {
  return {
    streams: (tenant) =>
      webhooks.endpoints
        .filter((endpoint) => endpoint.tenant === tenant)
        .map((endpoint) => ({
          id: endpointId(endpoint),
          types: endpoint.types.length > 0 ? endpoint.types : ANNOUNCEMENT_TYPES,
        })),
    people: approvals.people.length > 0 ? approvals.people : null,
  };
}
