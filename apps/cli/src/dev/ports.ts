import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { DevError } from './dev-error';
import { readJsonFile, replaceFile, type StateDirectory } from './state-directory';

/** Ports of the processes on 127.0.0.1. */
export interface Ports {
  readonly api: number;
  readonly authority: number;
}

/**
 * The requested ports; otherwise those of the last start if they are still free; otherwise free ones. Stored for the next start. Throws
 * `DEV_PORT_UNAVAILABLE`.
 */
export async function choosePorts(directory: StateDirectory, asked: Partial<Ports>): Promise<Ports> {
  const last = (await readJsonFile<Partial<Ports>>(directory.ports)) ?? {};
  const api = asked.api === undefined ? await freePort(last.api) : await usable(asked.api);
  const authority = asked.authority ?? (await freePort(last.authority));
  const ports: Ports = { api, authority };
  await replaceFile(directory.ports, `${JSON.stringify(ports)}\n`);
  return ports;
}

/** A port that the user has asked for. It is tried before anything starts. */
async function usable(port: number): Promise<number> {
  const found = await listenOn(port);
  if (typeof found === 'number') return port;
  const isTaken = found.code === 'EADDRINUSE';
  throw new DevError(
    'DEV_PORT_UNAVAILABLE',
    `the API cannot listen on 127.0.0.1:${port}: ${isTaken ? 'another process uses the port' : found.code}`,
    `${isTaken ? `Stop that process (\`ss -ltnp 'sport = :${port}'\` names it), or choose` : 'Choose'} another port with --port. Without --port, a free port is used.`,
    [],
    { cause: found },
  );
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
  const found = await listenOn(port);
  return typeof found === 'number' ? found : null;
}

/** The port on which a process can listen, or why it cannot. */
async function listenOn(port: number): Promise<number | NodeJS.ErrnoException> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
}
