// The whole product for a measure: a real webservice, real workers, and a PostgreSQL with durable commits, each as a separate process.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { readOr, statOf } from './processes.mjs';
import { Submitter } from './submitter.mjs';

export const ROOT = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);

/** Starts the product in a separate folder. `state`: a folder that is kept (a warm start); `workers`: number of workers. */
export async function startProduct({ workers = 1, configuration = {}, state = null } = {}) {
  const main = join(ROOT, 'apps/cli/dist/dev/dev-stack.js');
  if (!existsSync(main)) throw new Error('nothing is built: run `npm run build` first');
  const { startDevStack } = require(main);
  const folder = state ?? mkdtempSync(join(tmpdir(), 'taskrunner-bench-'));
  const stack = await startDevStack({ stateDirectory: folder, temporary: state === null, workers, configuration });
  const { adminUrl, ownerUrl } = stack.database;
  const database = new pg.Client(Object.assign(new URL(adminUrl), { pathname: new URL(ownerUrl).pathname }).href);
  await database.connect();
  const token = await stack.tokenFor('ada');
  const submitter = new Submitter(`${stack.server}/api/runs`, token);
  return {
    stack,
    database,
    /** URL of the superuser without a database, for the peers' own databases. */
    serverUrl: adminUrl.replace(/\/[^/]*$/, ''),
    submit: (body) => submitter.submit(body),
    ask: (path) => fetch(`${stack.server}${path}`, { headers: { authorization: `Bearer ${token}` } }),
    /** Processes of the product by kind, including the database. */
    processes: () => processesOf(process.pid),
    async stop() {
      submitter.close();
      await database.end();
      await stack.stop();
      if (state === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A manifest of no-op steps, one after the other. */
export function chainOf(count, effects) {
  const steps = Array.from(
    { length: count },
    (_, i) => `    - { id: s${i}, effects: ${effects}, run: { uses: "builtin:noop", with: { x: ${i} } } }\n`,
  );
  return `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: bench, version: 1.0.0 }\nspec:\n  steps:\n${steps.join('')}`;
}

const NAMES = [
  ['webservice', 'apps/webservice/dist/main.js'],
  ['worker', 'apps/worker/dist/main.js'],
  ['database', 'postgres'],
];

/** Process ids of the descendants of a process, by kind. */
function processesOf(root) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(Number(name))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = { bench: [root], webservice: [], worker: [], database: [] };
  const walk = (pid, kind) => {
    for (const child of children.get(pid) ?? []) {
      const command = readOr(`/proc/${child}/cmdline`);
      const known = kind ?? NAMES.find(([, part]) => command.includes(part))?.[0] ?? null;
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
export function peakRssOf(product, kind = 'worker') {
  return largest(product, kind, /VmHWM:\s+(\d+) kB/);
}

/** Current resident size of the largest worker, MiB. */
export function currentRssOf(product, kind = 'worker') {
  return largest(product, kind, /VmRSS:\s+(\d+) kB/);
}

function largest(product, kind, size) {
  const sizes = product.processes()[kind].map((pid) => size.exec(readOr(`/proc/${pid}/status`))?.[1]);
  return Math.max(...sizes.map((kib) => Number(kib ?? 0))) / 1_024;
}
