import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readJsonFile, replaceFile, type StateDirectory } from './state-directory';

/** Ports of the processes on 127.0.0.1. */
export interface Ports {
  readonly api: number;
  readonly authority: number;
}

/** The requested ports; otherwise those of the last start if they are still free; otherwise free ones. Stored for the next start. */
export async function choosePorts(directory: StateDirectory, asked: Partial<Ports>): Promise<Ports> {
  const last = (await readJsonFile<Partial<Ports>>(directory.ports)) ?? {};
  const api = asked.api ?? (await freePort(last.api));
  const authority = asked.authority ?? (await freePort(last.authority));
  const ports: Ports = { api, authority };
  await replaceFile(directory.ports, `${JSON.stringify(ports)}\n`);
  return ports;
}

/** Below the ephemeral ports of common systems, so that no outgoing connection takes a port between the check and the listen. */
const FROM = 20_000;
const TO = 32_000;
const TRIES = 20;

async function freePort(preferred: unknown): Promise<number> {
  const isPort =
    typeof preferred === 'number' && Number.isInteger(preferred) && preferred > 1_023 && preferred < 65_536;
  const random = Array.from({ length: TRIES }, () => randomInt(FROM, TO));
  for (const port of [...(isPort ? [preferred] : []), ...random]) {
    const found = await tryPort(port);
    if (found !== null) return found;
  }
  return (await tryPort(0)) ?? 0;
}

async function tryPort(port: number): Promise<number | null> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return null;
  } finally {
    server.close();
  }
}
