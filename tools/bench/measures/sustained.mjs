// What can be kept up: runs that are driven and sealed without a pause for an hour, while retention deletes the oldest ones.
import { createRequire } from 'node:module';
import { line, rounded } from '../lines.mjs';
import { driveRuns, untilSealed, warmUp } from '../load.mjs';
import { chainOf, cpuOf, currentRssOf, startProduct } from '../product.mjs';
import { setting } from '../settings.mjs';

/** BENCH_SUSTAINED_MIN: duration, minutes. */
const MINUTES = setting('BENCH_SUSTAINED_MIN', 60);
/** BENCH_SUSTAINED_KEPT_MIN: age at which retention deletes ended runs and their evidence, minutes. */
const KEPT_MINUTES = setting('BENCH_SUSTAINED_KEPT_MIN', 40);
const STEPS = 10;
const IN_FLIGHT = 50;
/** Runs that are driven before their evidence is waited for, so that no backlog hides what a seal costs. */
const RUNS = 500;
const MINUTE_MS = 60_000;
/** Retention is applied so often: every five minutes of an hour. */
const MAINTAIN_MS = (MINUTES * MINUTE_MS) / 12;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Target of the last sixth of the time, in parts of the first. */
const TARGET = 0.9;
/** Permitted growth of the memory of worker and webservice from the first to the last sixth, MiB. */
const TARGET_MIB = 64;

const require = createRequire(import.meta.url);

/** The maintenance of an installation, which goes on beside its runs. */
function maintenance(product) {
  const { maintainDatabase } = require('@taskrunner/infrastructure/postgres');
  const deleted = { runs: 0, evidence: 0, times: 0 };
  const kept = KEPT_MINUTES * MINUTE_MS;
  const periods = { journal: 2 * DAY_MS, runs: kept, evidence: kept, events: kept, tenants: [] };
  let working = Promise.resolve();
  let next = MAINTAIN_MS;
  const work = async () => {
    const removed = await maintainDatabase(product.url, periods);
    deleted.runs += removed.runs;
    deleted.evidence += removed.evidence;
    deleted.times++;
  };
  return {
    deleted,
    /** Begins it again if it is due. Rejects if it has failed. */
    async at(ms) {
      if (ms < next) return;
      next += MAINTAIN_MS;
      await working;
      working = work();
      working.catch(() => undefined);
    },
    end: () => working,
  };
}

/** Rows that are kept, by table. */
const KEPT = `select json_build_object('runs', (select count(*) from pack_runs.runs), 'steps', (select count(*) from pack_runs.steps),
  'pages', (select count(*) from pack_run_logs.journal)) as kept, pg_database_size(current_database())::float8 / 1048576 as "databaseMiB"`;

/** Drives and seals groups of runs until the time is over. Each sample is a group: when it began, milliseconds, its seconds, and memory. */
async function sampled(product, body, { upkeep, notice }) {
  const samples = [];
  const began = performance.now();
  let saidAt = 0;
  for (let at = 0; at < MINUTES * MINUTE_MS; at = performance.now() - began) {
    await upkeep.at(at);
    const { seconds: driven } = await driveRuns(product, { runs: RUNS, inFlight: IN_FLIGHT, body });
    await untilSealed(product.database);
    const seconds = (performance.now() - began - at) / 1_000;
    const [worker, webservice] = ['worker', 'webservice'].map((kind) => currentRssOf(product, kind));
    samples.push({ at, driven, seconds, worker, webservice });
    if (at - saidAt < MINUTE_MS) continue;
    saidAt = at;
    await product.renew();
    const steps = rounded((RUNS * STEPS) / seconds);
    const { rows } = await product.database.query('select count(*) from pack_runs.runs');
    const rate = `${steps} steps/s sealed, worker ${rounded(worker)} MiB, webservice ${rounded(webservice)} MiB`;
    notice(`minute ${Math.round(at / MINUTE_MS)}: ${rate}, ${rows[0].count} runs kept`);
  }
  return samples;
}

/** Rates, steps per second, and the largest memory, MiB, of the samples of a sixth of the time. */
function sixth(samples, place) {
  const part = (MINUTES * MINUTE_MS) / 6;
  const own = samples.filter(({ at }) => Math.min(5, Math.floor(at / part)) === place);
  const steps = own.length * RUNS * STEPS;
  const sum = (of) => own.reduce((total, sample) => total + of(sample), 0);
  const most = (of) => Math.max(...own.map(of));
  return {
    sealed: steps / sum(({ seconds }) => seconds),
    driven: steps / sum(({ driven }) => driven),
    worker: most(({ worker }) => worker),
    webservice: most(({ webservice }) => webservice),
  };
}

async function* sustained(mode, { notice }) {
  const product = await startProduct();
  const upkeep = maintenance(product);
  try {
    const body = { manifest: chainOf(STEPS, mode), inputs: {} };
    await warmUp(product, { inFlight: IN_FLIGHT, body });
    await untilSealed(product.database);
    const cpu = cpuOf(product);
    const samples = await sampled(product, body, { upkeep, notice });
    const used = cpuOf(product);
    await upkeep.end();
    const { rows } = await product.database.query(KEPT);
    const parts = [0, 1, 2, 3, 4, 5].map((place) => sixth(samples, place));
    const [first, last] = [parts[0], parts[5]];
    const runs = samples.length * RUNS;
    yield line({
      ...{ name: `sustained-${mode}`, value: last.sealed, unit: 'steps/s', peer: 'the first sixth', target: TARGET },
      ...{ peerValue: rounded(first.sealed), ratio: last.sealed / first.sealed, minutes: MINUTES, runs },
      ...{ sealed: parts.map(({ sealed }) => rounded(sealed)), driven: parts.map(({ driven }) => rounded(driven)) },
      ...{ kept: rows[0].kept, databaseMiB: rounded(rows[0].databaseMiB), deleted: upkeep.deleted },
      cpuMsPerRun: Object.fromEntries(
        Object.keys(used).map((kind) => [kind, rounded((used[kind] - cpu[kind]) / runs)]),
      ),
    });
    const growth = Math.max(last.worker - first.worker, last.webservice - first.webservice);
    yield line({
      ...{ name: `sustained-${mode}-memory`, value: growth, unit: 'MiB', better: 'less', target: TARGET_MIB },
      ...{ worker: parts.map(({ worker }) => rounded(worker)) },
      webservice: parts.map(({ webservice }) => rounded(webservice)),
    });
  } finally {
    await upkeep.end().catch(() => undefined);
    await product.stop();
  }
}

const ABOUT = 'rate of sealed steps of an hour, its last ten minutes compared with the first';

export const measures = Object.fromEntries(
  ['pure', 'idempotent'].map((mode) => [
    `sustained-${mode}`,
    { about: ABOUT, onlyByName: true, whole: (setting) => sustained(mode, setting) },
  ]),
);
