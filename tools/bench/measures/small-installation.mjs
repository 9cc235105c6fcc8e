// Limits of a small installation (`taskrunner serve` with its database in a folder): memory, disk, start, runs at gates.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { line, rounded } from '../lines.mjs';
import { driveRuns, pause, untilSealed } from '../load.mjs';
import { median } from '../median.mjs';
import { chainOf, cpuOf, memoryOf, startProduct } from '../product.mjs';
import { openGates, waitAtGates } from './waiting-runs.mjs';
import { setting } from '../settings.mjs';

/** BENCH_ENDED: runs that have ended. */
const ENDED = setting('BENCH_ENDED', 10_000);
/** BENCH_WAITING: runs that wait at gates. */
const WAITING = setting('BENCH_WAITING', 1_000);
const STEPS = 10;
const IN_FLIGHT = 50;
/** Time until an idle process has returned the memory of its start, milliseconds. */
const REST_MS = 10_000;
const SAMPLE_MS = 500;
const DAY_MS = 86_400_000;
const KIB = 1_024;

const less = { better: 'less' };
const require = createRequire(import.meta.url);

/** The highest memory while the work lasts, MiB. */
async function memoryDuring(product, work) {
  let highest = 0;
  const sample = () => (highest = Math.max(highest, memoryOf(product)));
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    await work();
    return Math.max(highest, memoryOf(product));
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of the rows, of the write-ahead log, and of the objects. */
async function sizesOf(product) {
  await product.database.query('checkpoint');
  const { rows } = await product.database.query(`select pg_database_size(current_database())::float8 as rows,
    (select sum(size) from pg_ls_waldir())::float8 as log`);
  return { ...rows[0], objects: bytesIn(join(product.stack.stateDirectory, 'storage-objects')) };
}

/** Bytes that the files in a folder use on the disk. */
function bytesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.reduce(
    (sum, { parentPath, path, name }) => sum + statSync(join(parentPath ?? path, name)).blocks * 512,
    0,
  );
}

/**
 * Deletes what retention deletes from ended runs except their evidence, and returns what remains. The installation must be stopped
 * afterwards, because the journal of today is deleted too.
 */
async function afterRetention(product) {
  const { maintainDatabase } = require('@taskrunner/infrastructure/postgres');
  // The journal is deleted by day, and today has not ended.
  await maintainDatabase(product.url, {
    ...{ journal: -2 * DAY_MS, runs: 0, evidence: 730 * DAY_MS, events: 0, tenants: [] },
  });
  // Files keep their size, and the space in them is used again. The size of the rows themselves is what remains.
  await product.database.query('vacuum full');
  return sizesOf(product);
}

/** Starts an installation in a new folder, and measures it. The folder is deleted afterwards. */
async function* inFolder(measured) {
  const state = mkdtempSync(join(tmpdir(), 'taskrunner-bench-'));
  const installation = {
    product: null,
    async start() {
      this.product = await startProduct({ storage: 'file', state });
      return this.product;
    },
    /** A line with the time of a start in this folder: the median of several, and the processor time of its processes. */
    async restart(name, rounds, more) {
      const [took, cpu] = [[], []];
      for (let i = 0; i < rounds; i++) {
        await this.product.stop();
        const began = performance.now();
        await this.start();
        took.push(performance.now() - began);
        const { serve, database } = cpuOf(this.product);
        cpu.push(serve + database);
      }
      return line({ name, value: median(took), unit: 'ms', cpuMs: median(cpu), ...more, ...less });
    },
  };
  try {
    yield* measured(installation);
  } finally {
    await installation.product?.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

async function* endedRuns(installation, rounds) {
  const product = await installation.start();
  await pause(REST_MS);
  yield line({ name: 'small-installation-idle', value: memoryOf(product), unit: 'MiB', ...less });
  // As after retention.
  await product.database.query('vacuum full');
  const empty = await sizesOf(product);
  const ofLog = ({ log }) => ({ logMiB: rounded(log / KIB ** 2) });
  yield line({
    ...{ name: 'small-installation-empty', value: (empty.rows + empty.log) / KIB ** 2, unit: 'MiB' },
    ...{ ...ofLog(empty), ...less },
  });
  const body = { manifest: chainOf(STEPS, 'idempotent'), inputs: {} };
  const memory = await memoryDuring(product, async () => {
    await driveRuns(product, { runs: ENDED, inFlight: IN_FLIGHT, body });
    await untilSealed(product.database);
  });
  yield line({ name: 'small-installation-load', value: memory, unit: 'MiB', inFlight: IN_FLIGHT, ...less });
  const disk = (name, sizes) => {
    const [rows, objects] = ['rows', 'objects'].map((key) => (sizes[key] - empty[key]) / ENDED / KIB);
    return line({
      ...{ name, value: rows + objects, unit: 'KiB/run', runs: ENDED, steps: STEPS },
      ...{ rowsKiB: rounded(rows), objectsKiB: rounded(objects), ...ofLog(sizes), ...less },
    });
  };
  yield disk('small-installation-disk', await sizesOf(product));
  yield await installation.restart('small-installation-start', rounds, { ended: ENDED });
  yield disk('small-installation-disk-evidence', await afterRetention(installation.product));
}

async function* waitingRuns(installation, rounds) {
  const product = await installation.start();
  await waitAtGates(product, WAITING / 10);
  await pause(REST_MS);
  const before = memoryOf(product);
  const perSecond = await waitAtGates(product, WAITING - WAITING / 10);
  await pause(REST_MS);
  const more = { waiting: await openGates(product), ...less };
  yield line({
    ...{ name: 'small-installation-waiting', value: memoryOf(product) - before, unit: 'MiB' },
    ...{ gatesPerSecond: rounded(perSecond), ...more },
  });
  yield await installation.restart('small-installation-start-waiting', rounds, more);
}

async function* smallInstallation({ rounds }) {
  yield* inFolder((installation) => endedRuns(installation, rounds));
  yield* inFolder((installation) => waitingRuns(installation, rounds));
}

export const measures = { 'small-installation': { whole: smallInstallation } };
