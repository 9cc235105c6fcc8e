import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { discardDatabase } from '@taskrunner/infrastructure/embedded-postgres';
import { makeKeys } from '../dev/key-ring';
import { writeTrustFile } from '../dev/trust-file';
import { commandLineIn, type Ended } from './command-line-in';

// One folder with everything of an installation, and the real command in processes of their own.

const PROGRAM = join(__dirname, '../../bin/taskrunner.js');
const ISSUER = 'https://issuer.example';
const BUILDER = 'https://stellaops.io/taskrunner/builders/local/v1';

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  /** Both outputs, as far as they have come. */
  said(): string;
  /** Resolves when the output contains the text, or the process ends. */
  until(text: string): Promise<void>;
  readonly ended: Promise<number | null>;
}

/** An installation in a folder. */
export interface SmallInstallation {
  readonly folder: string;
  readonly storage: string;
  readonly trust: string;
  /** Writes a configuration file with further sections. Returns its path. */
  configured(name: string, sections?: Readonly<Record<string, object>>): string;
  /** Starts `taskrunner serve` and waits until it is ready or has ended. */
  serve(config: string): Promise<Running & { readonly url: string; readonly health: string }>;
  /** An access token of a person, valid for an hour. */
  tokenOf(person: string): string;
  /** Executes a command that talks to this server as a person, in this process. Names of packs and bundles are those of files in the folder. */
  as(person: string, url: string): (...words: readonly string[]) => Promise<Ended>;
  /** Executes a command without a server. */
  taskrunner(...words: readonly string[]): Promise<Ended>;
  remove(): Promise<void>;
}

/** Creates an installation with keys, one issuer and no sandbox. */
export async function smallInstallation(): Promise<SmallInstallation> {
  const folder = mkdtempSync(join(tmpdir(), 'small-'));
  // If root runs the tests, another account runs the database server, and must be able to reach it.
  chmodSync(folder, 0o711);
  const inside = (name: string): string => join(folder, name);
  await mkdir(inside('keys'), { mode: 0o700 });
  const keys = await makeKeys(inside('keys'));
  const authority = generateKeyPairSync('ed25519');
  const jwk = {
    ...createPublicKey(authority.privateKey).export({ format: 'jwk' }),
    kid: 'k',
    use: 'sig',
    alg: 'EdDSA',
  };
  writeFileSync(inside('jwks.json'), JSON.stringify({ keys: [jwk] }));
  const trust = inside('trust.json');
  await writeTrustFile(trust, {
    ...{ id: 'small', population: 'people', builder: BUILDER },
    ...{ keys, issuer: ISSUER, audience: 'taskrunner', jwks: [jwk] },
  });
  const sections = {
    http: { port: 0, healthPort: 0, lameDuck: '0s', drain: '5s' },
    worker: { lease: '3s', drain: '10s', claimInterval: '50ms' },
    database: { kind: 'file', folder: inside('storage'), poolSize: 4 },
    authority: { issuers: [{ issuer: ISSUER, jwksFile: inside('jwks.json'), audience: 'taskrunner' }] },
    approvals: { grants: ['role:lead'] },
    artifacts: { root: inside('objects') },
    keys: { folder: inside('keys') },
    sandbox: { profile: 'none', workDirectory: inside('work') },
    sealedMode: { enabled: false },
    packsRegistry: { unsigned: 'run' },
  };
  const tokenOf = (name: string): string => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      ...{ iss: ISSUER, aud: 'taskrunner', sub: name, tenant: 'acme', grants: ['role:lead'] },
      ...{ scope: 'packs.read packs.run packs.approve', iat: now, exp: now + 3_600, auth_time: now },
    };
    const parts = [{ alg: 'EdDSA', typ: 'at+jwt', kid: 'k' }, claims];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${sign(null, Buffer.from(text), authority.privateKey).toString('base64url')}`;
  };
  const placed = (word: string): string => (/^[\w-]+\.(yaml|tar)$/.test(word) ? inside(word) : word);
  const run = (more: Readonly<Record<string, string>>, words: readonly string[]) => start(folder, more, words);
  return {
    folder,
    storage: inside('storage'),
    trust,
    tokenOf,
    configured(name, others = {}) {
      writeFileSync(inside(name), JSON.stringify({ ...sections, ...others }));
      return inside(name);
    },
    async serve(config) {
      const running = run({}, ['serve', '--config', config]);
      await running.until('{"ready"');
      const line = /^\{"ready".*\}$/m.exec(running.said())?.[0];
      const { url, health } = JSON.parse(line ?? '{"url":"","health":""}') as { url: string; health: string };
      return { ...running, url, health };
    },
    as:
      (person, url) =>
      (...words) =>
        commandLineIn(folder, words.map(placed), {
          ...{ TASKRUNNER_SERVER: url, TASKRUNNER_TOKEN: tokenOf(person) },
          ...{ XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
        }),
    taskrunner: (...words) => finished(run({}, words)),
    async remove() {
      if (existsSync(inside('storage'))) await discardDatabase(join(inside('storage'), 'database'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Started = Running & { readonly out: () => string; readonly err: () => string };

function start(cwd: string, more: Readonly<Record<string, string>>, words: readonly string[]): Started {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TASKRUNNER_'));
  const env = { ...Object.fromEntries(inherited), HOME: cwd, XDG_CONFIG_HOME: cwd, XDG_DATA_HOME: cwd, ...more };
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { all: '', out: '', err: '' };
  for (const name of ['out', 'err'] as const)
    child[`std${name}`].on('data', (piece: Buffer) => {
      text[name] += piece.toString();
      text.all += piece.toString();
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let isOver = false;
  void ended.then(() => (isOver = true));
  const until = async (wanted: string): Promise<void> => {
    while (!text.all.includes(wanted) && !isOver) await delay(20);
  };
  return { child, said: () => text.all, out: () => text.out, err: () => text.err, until, ended };
}

async function finished({ ended, out, err }: Started): Promise<Ended> {
  const exit = await ended;
  return { exit, out: out(), err: err() };
}

/** The process id of the database server of a storage folder. */
export function serverOf(storage: string): number {
  return Number(readFileSync(join(storage, 'database/pgdata/postmaster.pid'), 'utf8').split('\n')[0]);
}
