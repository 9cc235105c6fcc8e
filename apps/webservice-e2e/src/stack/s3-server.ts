import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { announced } from '@taskrunner/infrastructure/testing/announced';
import { pause } from './stack';

const PROGRAM = '/usr/bin/moto_server';

/** An S3 server on loopback that accepts any credentials. The content of its bucket can be read and altered over plain HTTP. */
export interface Bucket {
  readonly endpoint: string;
  readonly name: string;
  keys(prefix?: string): Promise<readonly string[]>;
  get(key: string): Promise<Uint8Array>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Stops or resumes responding. */
  halt(halted: boolean): void;
  stop(): Promise<void>;
}

/** True if the server's program is installed. Prints a message if it is missing; in CI it must exist. */
export function hasS3Server(): boolean {
  if (existsSync(PROGRAM)) return true;
  if (process.env['CI'] === 'true') throw new Error(`${PROGRAM} is not installed`);
  process.stdout.write(`skipped: ${PROGRAM} is not installed\n`);
  return false;
}

export async function startBucket(name: string): Promise<Bucket> {
  const child = spawn(PROGRAM, ['-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: tmpdir() },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const endpoint = await announced(child, /Running on (http:\/\/127\.0\.0\.1:\d+)/);
  const ask = async (method: string, path: string, body?: Uint8Array): Promise<Uint8Array> => {
    const response = await answered(`${endpoint}/${name}${path}`, {
      method,
      headers: { authorization: 'AWS anybody:anything' },
      ...(body ? { body: body as never } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  await ask('PUT', '');
  return {
    endpoint,
    name,
    keys: async (prefix = '') => {
      const list = Buffer.from(await ask('GET', `?list-type=2&prefix=${encodeURIComponent(prefix)}`)).toString();
      return [...list.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
    },
    get: (key) => ask('GET', `/${key}`),
    put: async (key, bytes) => void (await ask('PUT', `/${key}`, bytes)),
    halt: (halted) => void child.kill(halted ? 'SIGSTOP' : 'SIGCONT'),
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Moto returns 500 for a list while an object is deleted. The request is repeated. */
async function answered(url: string, init: RequestInit): Promise<Response> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(url, init);
    if (response.status !== 500 || tries === 5) return response;
    await pause(100);
  }
}
