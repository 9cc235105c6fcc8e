// The whole product for a measure, with durable commits: a real webservice, real workers and a PostgreSQL, each as a separate process; or
// `taskrunner serve`, which is one process with its database in a folder.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { urlOfStorage } from '../chaos/files/folder-database.mjs';
import { readOr, statOf } from './processes.mjs';
import { Submitter } from './submitter.mjs';
import { setting } from './settings.mjs';
import { ownFolder, started } from './started.mjs';

export const ROOT = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);

/** BENCH_STORAGE: `server` (the usual processes) or `file` (`taskrunner serve` with its database in a folder). */
const STORAGE = setting('BENCH_STORAGE', 'server');
const STARTS = { server: startOnServer, file: startOnFolder };

/**
 * Starts the product in a separate folder. `state`: a folder that is kept (a warm start); `workers`: number of workers; `storage`: as
 * BENCH_STORAGE.
 */
export async function startProduct({ workers = 1, configuration = {}, state = null, storage = STORAGE } = {}) {
  const folder = state ?? ownFolder(mkdtempSync(join(tmpdir(), 'taskrunner-bench-')));
  // If root measures, another account runs the database server. It must be able to reach its data here.
  chmodSync(folder, 0o711);
  const options = { stateDirectory: folder, temporary: state === null, configuration };
  const starting = STARTS[storage](options, workers);
  // Registered before it has started: an interrupted start is waited for and then stopped.
  const stopped = started(async () => (await starting).stack.stop());
  const { stack, url, serverUrl, driver, kinds } = await starting.catch((error) => {
    stopped();
    if (state === null) rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const database = new pg.Client(url);
  await database.connect();
  let token = await stack.tokenFor('ada');
  const submitter = new Submitter(`${stack.server}/api/runs`, token);
  return {
    stack,
    database,
    /** URL of the superuser for the product's database. */
    url,
    /** URL of the superuser without a database, for the peers' own databases; null: peers cannot have any there. */
    serverUrl,
    /** Kind of the process that drives runs. */
    driver,
    submit: (body) => submitter.submit(body),
    /** Gets a new token: one lasts an hour. */
    async renew() {
      token = await stack.tokenFor('ada');
      submitter.authorize(token);
    },
    ask: (path) => fetch(`${stack.server}${path}`, { headers: { authorization: `Bearer ${token}` } }),
    /** Sends a document; returns the response or an error. */
    async post(path, body) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${stack.server}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`not accepted: ${response.status} ${(await response.text()).slice(0, 500)}`);
      return response.json();
    },
    /** Processes of the product by kind, including the database. */
    processes: () => kinds(processesOf(process.pid)),
    async stop() {
      submitter.close();
      await database.end();
      stopped();
      await stack.stop();
      if (state === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function stackModule(name) {
  const main = join(ROOT, `apps/cli/dist/dev/${name}.js`);
  if (!existsSync(main)) throw new Error('nothing is built: run `npm run build` first');
  return require(main);
}

async function startOnServer(options, workers) {
  const stack = await stackModule('dev-stack').startDevStack({ ...options, workers });
  const { adminUrl, ownerUrl } = stack.database;
  return {
    stack,
    url: Object.assign(new URL(adminUrl), { pathname: new URL(ownerUrl).pathname }).href,
    serverUrl: adminUrl.replace(/\/[^/]*$/, ''),
    driver: 'worker',
    kinds: ({ bench, webservice, worker, database }) => ({ bench, webservice, worker, database }),
  };
}

async function startOnFolder(options, workers) {
  if (workers !== 1) throw new Error('BENCH_STORAGE=file: a folder has one worker (BENCH_WORKERS=1)');
  const stack = await stackModule('folder-stack').startFolderStack(options);
  return {
    // The one process has the metrics of its worker, too.
    stack: { ...stack, health: { ...stack.health, workers: [stack.health.webservice] } },
    url: urlOfStorage(join(stack.stateDirectory, 'storage')),
    serverUrl: null,
    driver: 'serve',
    kinds: ({ bench, serve, folder }) => ({ bench, serve, database: folder }),
  };
}

/** A manifest of no-op steps, one after the other. */
export function chainOf(count, effects, input = null) {
  const value = input === null ? '' : `, ${input}: "{{ inputs.${input} }}"`;
  const steps = Array.from(
    { length: count },
    (_, i) => `    - { id: s${i}, effects: ${effects}, run: { uses: "builtin:noop", with: { x: ${i}${value} } } }\n`,
  );
  const inputs = input === null ? '' : `  inputs:\n    - { name: ${input}, type: string }\n`;
  return `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: bench, version: 1.0.0 }\nspec:\n${inputs}  steps:\n${steps.join('')}`;
}

const NAMES = [
  ['webservice', 'apps/webservice/dist/main.js'],
  ['worker', 'apps/worker/dist/main.js'],
  ['serve', 'apps/cli/bin/taskrunner.js\0serve'],
  ['database', 'postgres'],
];
/** The server, and its processes, which PostgreSQL names `postgres: …`. */
const IS_SERVER = /^(\S*\/)?postgres(:|\0)/;

/** Process ids of the descendants of a process, by kind. `folder`: the database server of `serve`. */
function processesOf(root) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(Number(name))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = { bench: [root], webservice: [], worker: [], database: [], serve: [], folder: [] };
  const walk = (pid, kind) => {
    for (const child of children.get(pid) ?? []) {
      const command = readOr(`/proc/${child}/cmdline`);
      let known = kind ?? NAMES.find(([, part]) => command.includes(part))?.[0] ?? null;
      if (known === 'serve' && IS_SERVER.test(command)) known = 'folder';
      if (known !== null) found[known].push(child);
      walk(child, known);
    }
  };
  walk(root, null);
  return found;
}

/** Processor time of a product so far by kind of process, milliseconds. */
export function cpuOf(product) {
  const { bench: _bench, ...found } = product.processes();
  const sum = (pids) => pids.reduce((total, pid) => total + (statOf(pid)?.cpuMs ?? 0), 0);
  return Object.fromEntries([...Object.entries(found).map(([kind, pids]) => [kind, sum(pids)]), ['bench', ownCpu()]]);
}

/** Processor time of this process' ended children, milliseconds. */
export function endedChildrenCpu() {
  const fields = readOr('/proc/self/stat').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function ownCpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Maximum resident size of the product's workers so far, MiB. */
export function peakRssOf(product, kind = product.driver) {
  return largest(product, kind, /VmHWM:\s+(\d+) kB/);
}

/** Forgets the peak, so that `peakRssOf` is that of what follows (proc(5), `clear_refs`). Only root may do so for processes of root. */
export function forgetPeakRss(product, kind = product.driver) {
  for (const pid of product.processes()[kind]) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Current resident size of the largest worker, MiB. */
export function currentRssOf(product, kind = product.driver) {
  return largest(product, kind, /VmRSS:\s+(\d+) kB/);
}

function largest(product, kind, size) {
  const sizes = product.processes()[kind].map((pid) => size.exec(readOr(`/proc/${pid}/status`))?.[1]);
  return Math.max(...sizes.map((kib) => Number(kib ?? 0))) / 1_024;
}

/** Memory of all processes of a product, MiB. Pages that several of them use are counted once (`Pss` of Linux). */
export function memoryOf(product) {
  const { bench: _bench, ...found } = product.processes();
  const sizes = Object.values(found)
    .flat()
    .map((pid) => Number(/^Pss:\s+(\d+) kB/m.exec(readOr(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0));
  return sizes.reduce((sum, kib) => sum + kib, 0) / 1_024;
}
