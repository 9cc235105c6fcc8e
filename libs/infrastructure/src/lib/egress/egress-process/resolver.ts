import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a name, from one query. An IP address resolves to itself. Empty if there is none or the servers do not respond. */
export type Resolve = (host: string, timeoutMs: number) => Promise<readonly string[]>;

/**
 * A resolver that queries these servers (`address` or `address:port`); without servers, the resolver of this machine with its hosts file.
 */
export function resolverOf(servers: readonly string[]): Resolve {
  return async (host, timeoutMs) => {
    if (isIP(host) !== 0) return [host];
    const asked = servers.length === 0 ? ofMachine(host) : ofServers(host, servers, timeoutMs);
    return Promise.race([asked.catch(() => []), timeout(timeoutMs)]);
  };
}

async function ofMachine(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}

async function ofServers(host: string, servers: readonly string[], timeoutMs: number): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([...servers]);
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

function timeout(ms: number): Promise<readonly string[]> {
  return new Promise((resolve) => setTimeout(() => resolve([]), ms).unref());
}
