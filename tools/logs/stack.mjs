// The whole product for a trial of logs: a webservice, a worker and a PostgreSQL, by default with durable commits, each as a separate
// process.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const { startDevStack } = createRequire(import.meta.url)(
  join(import.meta.dirname, '..', '..', 'apps/cli/dist/dev/dev-stack.js'),
);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** All readers of a trial are one person. */
export const MANY_STREAMS = { person: 1_000_000, tenant: 1_000_000, all: 1_000_000 };

/** `configuration`: keys that override the defaults, section by section. */
export async function startLogStack(configuration = {}, { durable = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-logs-'));
  const http = { limits: { stream: 100_000 }, streams: MANY_STREAMS, ...configuration.http };
  const stack = await startDevStack({
    stateDirectory: folder,
    temporary: true,
    durable,
    configuration: { ...configuration, http },
  });
  const { adminUrl, ownerUrl } = stack.database;
  const database = new pg.Client(Object.assign(new URL(adminUrl), { pathname: new URL(ownerUrl).pathname }).href);
  await database.connect();
  const token = await stack.tokenFor('ada');
  const ask = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${stack.server}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return text === '' ? {} : JSON.parse(text);
  };
  return {
    stack,
    token,
    database,
    ask,
    submit: async (manifest) => (await ask('POST', '/api/runs', { manifest, inputs: {} })).runId,
    async ended(runId, seconds = 600) {
      for (const end = Date.now() + seconds * 1_000; Date.now() < end; await pause(100)) {
        const run = await ask('GET', `/api/runs/${runId}`);
        if (['succeeded', 'failed', 'cancelled', 'halted'].includes(run.status)) return run;
      }
      throw new Error(`${runId} does not end`);
    },
    async sealed(runId, seconds = 300) {
      for (const end = Date.now() + seconds * 1_000; Date.now() < end; await pause(200)) {
        const { evidence } = await ask('GET', `/api/runs/${runId}`);
        if (evidence.status === 'sealed') return;
      }
      throw new Error(`${runId} is not sealed`);
    },
    async stop() {
      await database.end();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A pack whose steps run in parallel, each a bash script. */
export function packOf(scripts) {
  const branches = scripts.map(
    (source, i) =>
      `        - { id: s${i}, retries: { maxAttempts: 1 }, run: { uses: "builtin:script", with: { interpreter: [bash], source: ${JSON.stringify(source)} } } }\n`,
  );
  return `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: logs, version: 1.0.0 }\nspec:\n  steps:\n    - id: all\n      parallel:\n        steps:\n${branches.map((line) => `  ${line}`).join('')}`;
}

/** Process id of the webservice among the descendants of this process. */
export function webservicePid() {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return Number(
    pids.find((pid) => {
      try {
        const isOurs =
          Number(
            readFileSync(`/proc/${pid}/stat`, 'utf8')
              .replace(/^.*\) /, '')
              .split(' ')[1],
          ) === process.pid;
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('apps/webservice/');
      } catch {
        return false;
      }
    }),
  );
}

/** Processor time of a process so far, milliseconds. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident size of a process, MiB: now and at most. */
export function rssOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1_024;
  return { now: read('VmRSS'), most: read('VmHWM') };
}

/** Parses `--name value` and `--flag`. Numeric values become numbers. */
export function readArguments(defaults) {
  const read = { ...defaults };
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i++) {
    const name = words[i].replace(/^--/, '');
    if (!Object.hasOwn(defaults, name))
      throw new Error(`there is no ${words[i]}; there are: ${Object.keys(defaults).join(', ')}`);
    if (defaults[name] === false) read[name] = true;
    else read[name] = typeof defaults[name] === 'number' ? Number(words[++i]) : words[++i];
  }
  return read;
}
