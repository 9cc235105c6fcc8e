// A process that starts the stacks of one worker of Jest and keeps them: what is shared outlives the spec that asked for it first, and the
// program that starts a stack is loaded once, outside of Jest's sandbox. It is asked by messages (see `stack-environment.cjs`), and stops everything
// when the process that it belongs to is gone.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startDevAuthority } from '../../tools/dev-authority/authority.mjs';
import { delegate, loginAs, loginAsMachine } from '../../tools/dev-authority/login.mjs';
import { PROFILES } from './stack-profiles.mjs';

const require = createRequire(import.meta.url);
const { startDevStack } = require('../cli/dist/dev/dev-stack.js');
const { runCommandLine } = require('../cli/dist/program.js');
// Read, not required: the CLI is here as it is built, and no module of it is a part of this project.
const { version } = JSON.parse(readFileSync(new URL('../cli/package.json', import.meta.url), 'utf8'));
// What the whole suite has made for all; its copies lie beside it.
const cluster = process.env.TASKRUNNER_TEST_CLUSTER;
const database = cluster === undefined ? {} : { copyOf: cluster, sharedDirectory: dirname(cluster) };

/** By number: a stack, what brings back its database, and what a shared one was made with. */
const stacks = new Map();
const shared = new Map();
let numbers = 0;

async function start(stateDirectory, options, facts = {}) {
  const number = ++numbers;
  const onLine = (name, line) => process.connected && process.send({ number, name, line });
  const more = options.reportsLines ? { onLine } : {};
  const { env = {}, ports = {}, ownAuthority = ports.authority !== undefined, ...others } = options;
  // Its processes inherit them; those that start later do not.
  Object.assign(process.env, env);
  const scripts = ownAuthority ? {} : await sharedAuthority();
  const common = { stateDirectory, durable: false, temporary: true, database, scripts };
  const free = { api: await freePort(), authority: await freePort() };
  const stack = await startDevStack({ ...common, ...others, ...more, ports: { ...free, ...ports } }).finally(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
  stacks.set(number, { stack, facts, hasOwnAuthority: ownAuthority, bringBack: null });
  return number;
}

let authority = null;
const authorityFolder = mkdtempSync(join(cluster === undefined ? tmpdir() : dirname(cluster), 'authority-'));

/** People and their tokens are the same for all stacks, so one Authority serves them. Returns what takes its place in a stack. */
async function sharedAuthority() {
  authority ??= (async () => {
    const options = { port: await freePort(), stateDirectory: authorityFolder, tokenSeconds: 3_600 };
    const { stop: _, ...facts } = await startDevAuthority(options);
    process.env.SHARED_AUTHORITY = JSON.stringify(facts);
    return facts;
  })();
  await authority;
  return { authority: join(import.meta.dirname, 'shared-authority.mjs') };
}

/** The stack of a profile; its state lies in `folder`, which exists as long as the suite runs. */
async function share(profile, folder) {
  const home = join(folder, `${profile}-${process.pid}`);
  const registry = join(home, 'registry');
  mkdirSync(registry, { recursive: true });
  const port = await freePort();
  await sharedAuthority();
  const { issuer } = await authority;
  const options = PROFILES[profile]({ port, home, registry, issuer });
  return start(join(home, 'state'), options, { port, home, registry, workers: options.workers ?? 1 });
}

/** Below the ports that systems hand out by themselves; a range for each worker of Jest, and each port once: nobody else listens there first. */
const PORTS = 3_000;
const FIRST_PORT = 20_000 + ((Number(process.env.JEST_WORKER_ID ?? 1) - 1) % 4) * PORTS;
const taken = new Set();

async function freePort() {
  for (;;) {
    const port = randomInt(FIRST_PORT, FIRST_PORT + PORTS);
    if (taken.has(port)) continue;
    taken.add(port);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) return new Promise((resolve) => server.close(() => resolve(port)));
  }
}

/**
 * One command line of the compiled CLI, told as a process of it is: it is loaded once, while a process of its own takes most of half a second of a
 * processor to load it. Its stdin is empty. `env` is all that it sees of the environment. Nobody sits at its terminal, unless `folder` is given: then
 * it runs in this folder, and a person who has read what it printed answers its questions. Command lines run one after the other, because the
 * working folder is that of the process.
 */
function taskrunner(args, env, folder = null) {
  const ran = lastCommand.then(() => runTaskrunner(args, env, folder));
  lastCommand = ran.catch(() => undefined);
  return ran;
}

let lastCommand = Promise.resolve();

async function runTaskrunner(args, env, folder) {
  let [stdout, stderr] = ['', ''];
  const terminal = {
    print: (line) => void (stdout += `${line}\n`),
    say: (line) => void (stderr += `${line}\n`),
    draw: (text) => void (stderr += text),
    ask: async () => (folder === null ? null : firstOfGateDigest(stdout)),
    ...{ isInteractive: false, columns: 80, rows: 24 },
  };
  const readStdin = async () => new Uint8Array();
  const before = process.cwd();
  try {
    if (folder !== null) process.chdir(folder);
    const status = await runCommandLine({ arguments: args, terminal, env, readStdin, version });
    return { status, stdout, stderr };
  } finally {
    process.chdir(before);
  }
}

/** What a person types who decides about the gate that was shown: the beginning of its digest. */
function firstOfGateDigest(shown) {
  return /^gate digest\s+sha256:([0-9a-f]{8})/m.exec(shown)?.[1] ?? null;
}

/** A token for a person, or through those who act for them, each for the one before: as `signIn` of the CLI's `dev`, with no process for each. */
async function tokenFor(issuer, login, actors) {
  let { accessToken: subjectToken } = await loginAs(issuer, login);
  const machines = actors.length > 0 ? (await authority).clients : {};
  for (const clientId of actors) {
    const machine = machines[clientId];
    const signedIn = machine?.clientSecret ? loginAsMachine(issuer, machine) : loginAs(issuer, clientId);
    const { accessToken: actorToken } = await signedIn;
    ({ accessToken: subjectToken } = await delegate(issuer, { subjectToken, actorToken }));
  }
  return subjectToken;
}

const calls = {
  start: (_none, stateDirectory, options) => start(stateDirectory, options),
  share: async (_none, profile, folder) => {
    if (!shared.has(profile)) {
      // One at a time: what is idle takes an eighth of a processor. Specs of one profile come one after the other (`tools/test-order.cjs`).
      for (const [other, number] of shared) {
        shared.delete(other);
        await stacks.get(await number).stack.stop();
      }
      const number = share(profile, folder);
      shared.set(profile, number);
      // One that does not start fails the spec that asked for it, not those that come after.
      number.catch(() => shared.delete(profile));
    }
    const number = await shared.get(profile);
    const { stack, facts } = stacks.get(number);
    // The spec before may have killed some.
    while (stack.workerPids().length < facts.workers) await stack.startWorker();
    return number;
  },
  state: () => null,
  // A stack with an Authority of its own keeps the secrets of those who act.
  tokenFor: ({ stack, hasOwnAuthority }, login, actors = []) =>
    hasOwnAuthority && actors.length > 0 ? stack.tokenFor(login, actors) : tokenFor(stack.issuer, login, actors),
  taskrunner: (_stack, args, env, folder) => taskrunner(args, env, folder),
  startWorker: ({ stack }) => stack.startWorker(),
  killWorker: ({ stack }, signal, pid) => stack.killWorker(signal, pid),
  crashDatabase: async (one) => void (one.bringBack = await one.stack.crashDatabase()),
  bringBack: ({ bringBack }) => bringBack(),
  stop: async (one) => {
    for (const [profile, number] of shared) if (stacks.get(await number) === one) shared.delete(profile);
    await one.stack.stop();
  },
};

function stateOf(number) {
  const { stack, facts } = stacks.get(number);
  const { server, issuer, trustPath, configurationPath, stateDirectory, health, database: urls } = stack;
  const { webservice, workers } = health;
  return {
    ...{ number, server, issuer, trustPath, configurationPath, stateDirectory, ...facts },
    ...{ database: urls, health: { webservice, workers }, pids: stack.workerPids() },
  };
}

process.on('message', async ({ id, call, number, args }) => {
  try {
    const value = await calls[call](stacks.get(number), ...args);
    const of = number ?? value;
    process.send({ id, value: value ?? null, state: stateOf(of) });
  } catch (error) {
    if (process.connected) process.send({ id, error: String(error?.message ?? error) });
  }
});
process.on('disconnect', async () => {
  await Promise.allSettled([...stacks.values()].map(({ stack }) => stack.stop()));
  rmSync(authorityFolder, { recursive: true, force: true });
  process.exit(0);
});
