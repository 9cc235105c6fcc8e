// Peers for comparison, each in a separate process on the same database server. They are dependencies of this folder only, installed from
// its lock file when the first measure needs them.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { WARM_MS } from './load.mjs';
import { endedChildrenCpu } from './product.mjs';
import { peersAsked, setting } from './settings.mjs';
import { ownChild } from './started.mjs';

const HERE = import.meta.dirname;
const LIMIT_MS = 180_000;

/** Path of the probe that measures the ceiling of the database alone; null if there is none. */
export const ceilingPath = () => setting('TASKRUNNER_CEILING', null);

/**
 * Requested peers (BENCH_PEERS, such as `dbos,pg-boss`; empty: none), installed. Peers that cannot be installed are left out with a notice.
 */
export async function peerRunner(notice) {
  const asked = peersAsked();
  const peers = asked.length > 0 && install(notice) ? asked : [];
  const ceiling = atHand(ceilingPath());
  const left = new Set(peers);
  return {
    /**
     * Rates of all available peers, or of `only` these, and the ceiling in the given mode; null: without the ceiling. None if the size
     * has no server (`url`) for their databases.
     */
    async rates(size, ceilingMode, only = null) {
      const rates = [];
      if (size.url === null) return rates;
      for (const peer of [...left].filter((one) => only === null || only.includes(one))) {
        const rate = await measured(peer, join(HERE, 'peers', `${peer}.mjs`), size, {}, notice);
        if (rate === null) left.delete(peer);
        else rates.push([peer, rate]);
      }
      if (ceiling !== null && ceilingMode !== null) {
        const rate = await measured('ceiling', ceiling, size, { MODE: ceilingMode }, notice);
        if (rate !== null) rates.push(['ceiling', rate]);
      }
      return rates;
    },
  };
}

/** The probe may be anywhere. Its copy in this folder can import the client library of the database. */
function atHand(path) {
  if (path === null) return null;
  const folder = join(HERE, 'node_modules', '.probe');
  mkdirSync(folder, { recursive: true });
  const copy = join(folder, 'ceiling.mjs');
  copyFileSync(path, copy);
  return copy;
}

function install(notice) {
  const parts = ['@dbos-inc/dbos-sdk', '@restatedev/restate-sdk', 'openworkflow'];
  if (parts.every((name) => existsSync(join(HERE, 'node_modules', name)))) return true;
  notice('installing peers (npm ci --prefix tools/bench)');
  const { status } = spawnSync('npm', ['ci', '--prefix', HERE, '--no-audit', '--no-fund'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) notice('peers cannot be installed: no peers');
  return status === 0;
}

/** The last line of output of a peer's script: JSON with its steps per second. */
async function measured(
  name,
  script,
  { runs, steps, inFlight, atOnce = 1, restMs = 0, url, databaseCpu },
  env,
  notice,
) {
  const [before, database] = [endedChildrenCpu(), databaseCpu()];
  const child = ownChild(
    spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PGURL: url,
        W: String(runs),
        S: String(steps),
        C: String(inFlight),
        F: String(atOnce),
        REST_MS: String(restMs),
        WARM_MS: String(WARM_MS),
        ...env,
      },
    }),
  );
  const out = [];
  child.stdout.on('data', (part) => out.push(part));
  child.stderr.on('data', (part) => out.push(part));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (ended) => resolve(ended ?? 1));
  });
  clearTimeout(timer);
  const text = Buffer.concat(out).toString();
  const found = text.split('\n').findLast((one) => one.startsWith('{') && one.includes('steps'));
  const facts = code === 0 && found !== undefined ? JSON.parse(found) : {};
  const rate = facts.steps_per_second ?? facts.steps_s;
  // If a probe does not report its processor time, the kernel's figure is used, including its short start.
  const own = facts.cpu_ms ?? endedChildrenCpu() - before;
  // The database's processor time is known only with that of the warm-up.
  const databasePerRun = (databaseCpu() - database) / (runs + (facts.warm_runs ?? 0));
  if (typeof rate === 'number') return { rate, p50: facts.p50_ms, cpuMsPerRun: own / runs + databasePerRun };
  notice(`${name} left out: ${text.trim().split('\n').slice(-3).join(' | ').slice(0, 400)}`);
  return null;
}
