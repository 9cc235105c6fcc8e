import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { searched } from '@taskrunner/core/testing';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '../s3-settings';
import { announced } from '../../../testing/announced';
import { freePort } from './free-port';

/** An S3 server for one test, on loopback. */
export interface S3Server {
  readonly endpoint: string;
  /** A client with valid credentials, for inspecting the bucket independently of the store. */
  readonly client: S3Client;
  /** Creates a bucket and returns settings for a store. */
  bucket(change?: Partial<S3Settings>): Promise<S3Settings>;
  /** Sends SIGSTOP or SIGCONT: the server stops responding, or continues. */
  pause(paused: boolean): void;
  stop(): Promise<void>;
}

const MOTO = '/usr/bin/moto_server';
const RADOSGW = '/usr/bin/radosgw';
/** The smallest part size of the protocol. */
export const PART = 5 * 1024 * 1024;
const ACCESS_KEY = 'AKIATESTTESTTEST';

/** Kinds of servers, with the program that each needs. */
const SERVERS = [
  { name: 'moto', program: MOTO, start: startMoto, keepsParts: true },
  // dbstore (18.2.7) corrupts objects that were sent in parts, so this server gets each object in one request.
  { name: 'radosgw', program: RADOSGW, start: startRadosgw, keepsParts: false },
] as const;

/** Always moto; in `npm run test:all` also radosgw, which is stricter and slower. */
export const S3_SERVERS = SERVERS.slice(0, searched(1, SERVERS.length));

/** True if the program is installed; reports it otherwise. In CI it must be installed. */
export function isInstalled(program: string): boolean {
  if (existsSync(program)) return true;
  if (process.env['CI'] === 'true') throw new Error(`${program} is not installed`);
  process.stdout.write(`skipped: ${program} is not installed\n`);
  return false;
}

/** Starts moto (https://docs.getmoto.org), which accepts any credentials and keeps everything in memory. */
export async function startMoto(): Promise<S3Server> {
  return serve({ partSize: PART, secret: 'anysecretwilldo', command: [MOTO, '-H', '127.0.0.1', '-p', '0'] });
}

/**
 * Starts the RADOS gateway over SQLite files, without a cluster. It checks signatures, and has several defects that a store must tolerate.
 */
export async function startRadosgw(): Promise<S3Server> {
  const [port, home] = [await freePort(), await mkdtemp(join(tmpdir(), 'radosgw-'))];
  const secret = `secret-of-${port}`;
  await mkdir(join(home, 'db'));
  await mkdir(join(home, 'data'));
  const settings = {
    auth_cluster_required: 'none',
    auth_service_required: 'none',
    auth_client_required: 'none',
    mon_host: '127.0.0.1',
    rgw_backend_store: 'dbstore',
    rgw_config_store: 'dbstore',
    dbstore_config_uri: `file://${home}/config.db`,
    dbstore_db_dir: `${home}/db`,
    rgw_data: `${home}/data`,
    rgw_frontends: `beast endpoint=127.0.0.1:${port}`,
    log_file: `${home}/log`,
    run_dir: home,
    admin_socket: `${home}/socket`,
  };
  const conf = join(home, 'ceph.conf');
  await writeFile(
    conf,
    `[global]\n${Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('')}`,
  );
  const common = ['-n', 'client.rgw', '-c', conf, '--no-mon-config'];
  const user = [
    'user',
    'create',
    '--uid',
    't',
    '--display-name',
    't',
    '--access-key',
    ACCESS_KEY,
    '--secret-key',
    secret,
  ];
  await promisify(execFile)('radosgw-admin', [...common, ...user]);
  return serve({ port, partSize: 4 * PART, secret, command: [RADOSGW, '-f', ...common], home });
}

interface Program {
  /** Absent if the program chooses its port itself and prints it. */
  readonly port?: number;
  readonly secret: string;
  readonly partSize: number;
  readonly command: readonly [string, ...string[]];
  /** Folder that is deleted at the end. */
  readonly home?: string;
}

async function serve({ port, secret, partSize, command: [program, ...args], home }: Program): Promise<S3Server> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', port === undefined ? 'pipe' : 'ignore'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: tmpdir() },
  });
  const endpointPrinted = port === undefined ? announced(child, /Running on (http:\/\/127\.0\.0\.1:\d+)/) : null;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const files = await mkdtemp(join(tmpdir(), 's3-'));
  const stop = async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
    for (const folder of [files, home]) if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  let endpoint = `http://127.0.0.1:${port}`;
  try {
    if (endpointPrinted) endpoint = await endpointPrinted;
    else await answering(endpoint, child);
  } catch (error) {
    await stop();
    throw error;
  }
  const [accessKeyIdFile, secretAccessKeyFile] = [join(files, 'id'), join(files, 'secret')];
  await writeFile(accessKeyIdFile, `${ACCESS_KEY}\n`);
  await writeFile(secretAccessKeyFile, `${secret}\n`);
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: secret },
  });
  await mkdir(join(files, 'spool'));
  let count = 0;
  return {
    endpoint,
    client,
    bucket: async (change = {}) => {
      const bucket = `objects-${++count}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return {
        endpoint,
        region: 'us-east-1',
        bucket,
        prefix: count % 2 === 0 ? 'some/where/' : '',
        pathStyle: true,
        accessKeyIdFile,
        secretAccessKeyFile,
        partSize,
        partsAtOnce: 2,
        attempts: 3,
        timeout: 20_000,
        spoolDirectory: join(files, 'spool'),
        ...change,
      };
    },
    pause: (paused) => void child.kill(paused ? 'SIGSTOP' : 'SIGCONT'),
    stop,
  };
}

async function answering(endpoint: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode}`);
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      return;
    await delay(100);
  }
  throw new Error('the S3 server does not answer');
}
