import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outside } from './probe-process/protocol';

const LOOPBACKS = [
  { host: '127.0.0.1', name: 'IPv4' },
  { host: '::1', name: 'IPv6' },
];

/** Listeners and a canary file of this process, as targets of the probe. */
interface ProbeTargets {
  readonly tcp: readonly Outside[];
  readonly udp: readonly Outside[];
  readonly abstract: string;
  /** A file that only this user may read, and a listening Unix socket beside it. */
  readonly hidden: readonly string[];
  readonly nameServers: readonly string[];
  /** Datagrams that the UDP listeners received. */
  arrived(): readonly string[];
  close(): Promise<void>;
}

/** Opens the targets on loopback, with IPv6 if this machine has it. */
export async function openProbeTargets(): Promise<ProbeTargets> {
  const folder = await mkdtemp(join(tmpdir(), 'taskrunner-probe-'));
  const servers: Server[] = [];
  const datagrams: Datagrams[] = [];
  const arrived = new Set<string>();
  const tcp: Outside[] = [];
  const udp: Outside[] = [];
  const listen = async (options: ListenOptions): Promise<Server> => {
    const server = createServer((socket) => socket.destroy());
    servers.push(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options, resolve));
    return server;
  };
  const close = async (): Promise<void> => {
    for (const server of servers) server.close();
    for (const socket of datagrams) socket.close();
    await rm(folder, { recursive: true });
  };
  try {
    const canary = join(folder, 'key.pem');
    await writeFile(canary, 'canary', { mode: 0o600 });
    for (const { host, name } of LOOPBACKS) {
      const server = await listen({ host, port: 0 }).catch(unlessAbsent);
      if (server === null) continue;
      tcp.push({ what: `TCP of this machine over ${name}`, host, port: (server.address() as AddressInfo).port });
      const what = `UDP of this machine over ${name}`;
      udp.push({ what, host, port: await receive(host, datagrams, () => arrived.add(what)) });
    }
    const abstract = `taskrunner-probe-${randomUUID()}`;
    await listen({ path: `\0${abstract}` });
    const socket = join(folder, 'socket');
    await listen({ path: socket });
    return {
      tcp,
      udp,
      abstract,
      hidden: [canary, socket],
      nameServers: nameServers(),
      arrived: () => [...arrived],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A machine without IPv6 has no target there. */
function unlessAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') return null;
  throw error;
}

async function receive(host: string, datagrams: Datagrams[], onArrival: () => void): Promise<number> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').on('message', onArrival);
  datagrams.push(socket);
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, host, resolve));
  return socket.address().port;
}

/** The name servers of resolv.conf(5). */
function nameServers(): readonly string[] {
  try {
    const text = readFileSync('/etc/resolv.conf', 'utf8');
    return [...text.matchAll(/^nameserver\s+([0-9a-fA-F.:]+)\s*$/gm)]
      .flatMap(([, address]) => address ?? [])
      .slice(0, 3);
  } catch {
    return [];
  }
}
