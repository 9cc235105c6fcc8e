import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, type NetConnectOpts } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Outside, ProbeRequest } from './protocol';

const WAIT_MS = 500;

/** Tries every way out, the nearest first. If the sandbox already leaks, nothing is sent beyond this machine. */
export async function tryNetwork(request: ProbeRequest, tried: string[], findings: string[]): Promise<void> {
  const before = findings.length;
  tried.push('network interfaces');
  for (const name of Object.keys(networkInterfaces()))
    if (name !== 'lo') findings.push(`has the network interface ${name}`);
  for (const target of request.tcp) await tryTcp(target, tried, findings);
  for (const { what, host, port } of request.udp) {
    tried.push(what);
    await sendDatagram(host, port);
  }
  tried.push('an abstract socket of this machine');
  if (await connects({ path: `\0${request.abstract}` })) findings.push('reaches an abstract socket of this machine');
  if (findings.length > before) return;
  for (const target of request.beyond) await tryTcp(target, tried, findings);
  for (const server of request.nameServers) {
    tried.push('a name server');
    if (await resolves(server)) findings.push('reaches a name server');
  }
}

async function tryTcp({ what, host, port }: Outside, tried: string[], findings: string[]): Promise<void> {
  tried.push(what);
  if (await connects({ host, port })) findings.push(`reaches ${what}`);
}

function connects(target: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...target, timeout: WAIT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

function sendDatagram(host: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = () => {
      socket.removeAllListeners().on('error', () => undefined);
      try {
        socket.close();
      } catch {
        // The socket was never opened.
      }
      resolve();
    };
    socket.once('error', end);
    socket.send('probe', port, host, end);
  });
}

/** Any response is a leak, even one that the name does not exist. */
async function resolves(server: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: WAIT_MS, tries: 1 });
  resolver.setServers([server]);
  try {
    await resolver.resolve4('probe.invalid');
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'ESERVFAIL' || code === 'EREFUSED';
  }
}
