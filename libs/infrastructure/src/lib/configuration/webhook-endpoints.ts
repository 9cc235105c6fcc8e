import { sha256 } from '@taskrunner/core/canonical';
import { parseRule, type EgressRule } from '@taskrunner/core/egress';
import type { Announcing } from '@taskrunner/core/operations';
import { ANNOUNCEMENT_TYPES } from '@taskrunner/core/ports';
import type { Configuration, WebhookConfiguration } from './configuration';

/** The one way out that an endpoint opens: its own host and port; null if it cannot be read. */
export function endpointRule({ url, cidr }: WebhookConfiguration): EgressRule | null {
  const origin = /^https?:\/\/[^/?#]+/i.exec(url)?.[0];
  return origin === undefined ? null : parseRule(origin, cidr ?? undefined);
}

/** The name under which messages wait for an endpoint: the same as long as tenant and URL are. */
export function endpointId({ tenant, url }: WebhookConfiguration): string {
  return sha256(`${tenant}\n${url}`).slice('sha256:'.length, 'sha256:'.length + 16);
}

/** Who is told what, as the driver asks for it. */
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
