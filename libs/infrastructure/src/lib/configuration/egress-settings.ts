import { digestOf } from '@taskrunner/core/canonical';
import { parseHost, type EgressRule } from '@taskrunner/core/egress';
import type { Digest } from '@taskrunner/core/foundation';
import type { Configuration } from './configuration';

/** The environment's list: one rule for each port of each entry of `sealedMode.allow`. */
export function egressRulesOf({ sealedMode }: Configuration): readonly EgressRule[] {
  return sealedMode.allow.flatMap(({ host, ports, cidr, plainHttp }) =>
    ports.map((port) => ({
      scheme: plainHttp ? ('*' as const) : ('https' as const),
      host: spelling(host),
      port,
      ...(cidr === null ? {} : { cidr }),
    })),
  );
}

/** The same for the environment document; undefined if there are none, so that other environments keep their digests. */
export function boundEgressOf(configuration: Configuration): readonly Digest[] | undefined {
  const rules = egressRulesOf(configuration);
  return rules.length === 0 ? undefined : [...new Set(rules.map((rule) => digestOf({ ...rule })))].sort();
}

/** Settings of the proxy for one attempt, and the hosts that a list of every host never allows: the API and the database. */
export function egressProxyOf(configuration: Configuration): {
  readonly limits: {
    readonly connections: number;
    readonly attempts: number;
    readonly bytes: number;
    readonly headerBytes: number;
    readonly idleMs: number;
    readonly dialMs: number;
    readonly drainMs: number;
  };
  readonly resolvers: readonly string[];
  readonly platform: readonly { readonly host: string; readonly port: number }[];
} {
  const { connections, attempts, bytes, headerBytes, idle, dial, drain, resolvers } = configuration.sealedMode.proxy;
  return {
    limits: { connections, attempts, bytes, headerBytes, idleMs: idle, dialMs: dial, drainMs: drain },
    resolvers,
    platform: platformHosts(configuration),
  };
}

const PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'postgres:': 5_432,
  'postgresql:': 5_432,
};

function platformHosts({ http, database }: Configuration): { readonly host: string; readonly port: number }[] {
  const { ownerUrl, maintainUrl, webUrl, workerUrl, host, port } = database;
  const urls = [http.publicUrl, ownerUrl, maintainUrl, webUrl, workerUrl].flatMap((text) => {
    const url = text !== null && URL.canParse(text) ? new URL(text) : null;
    return url === null ? [] : [{ host: url.hostname, port: Number(url.port) || (PORTS[url.protocol] ?? 443) }];
  });
  const named = host === null ? [] : [{ host, port }];
  return [...urls, ...named].flatMap((one) => {
    const name = parseHost(one.host);
    return name === null ? [] : [{ host: name, port: one.port }];
  });
}

function spelling(host: string): string {
  if (host === '*') return host;
  return host.startsWith('*.') ? `*.${parseHost(host.slice(2)) ?? ''}` : (parseHost(host) ?? host);
}
