import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readJsonFile, replaceFile, type StateDirectory } from './state-directory';

/** Where the processes listen on 127.0.0.1. */
export interface Ports {
  readonly api: number;
  readonly authority: number;
}

/** The ports that were asked for, else those of the last start that are still free, else free ones. Kept for the next start. */
export async function choosePorts(directory: StateDirectory, asked: Partial<Ports>): Promise<Ports> {
  const last = (await readJsonFile<Partial<Ports>>(directory.ports)) ?? {};
  const api = asked.api ?? (await freePort(last.api));
  const authority = asked.authority ?? (await freePort(last.authority));
  const ports: Ports = { api, authority };
  await replaceFile(directory.ports, `${JSON.stringify(ports)}\n`);
  return ports;
}

/** Below the ports that systems hand out by themselves: between looking and listening no connection of another process takes one. */
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
