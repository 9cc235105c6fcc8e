// What grows: the evidence of one large run, and the number of schedules.
import { line, rounded } from '../lines.mjs';
import { pause, untilSealed, waitForEnd, warmUp } from '../load.mjs';
import { itemInputs, manifestOfMap } from '../packs.mjs';
import { chainOf, currentRssOf, forgetPeakRss, peakRssOf, startProduct } from '../product.mjs';
import { setting } from '../settings.mjs';

/** BENCH_EVIDENCE: items of the map whose evidence is measured. Each is five entries of the journal. */
const ITEMS = setting('BENCH_EVIDENCE', 20_000);
/** BENCH_SCHEDULES: number of schedules, all of which are due at each full minute. */
const SCHEDULES = setting('BENCH_SCHEDULES', 1_000);
const TICKS = 2;
const LIMIT_MS = 600_000;
const MINUTE_MS = 60_000;
/** Permitted additional memory of a worker, MiB per 100 000 entries. */
const TARGET_MIB = 160;
/** Permitted time from a full minute until the runs of all schedules have started, seconds. */
const TARGET_S = 30;

async function* largeEvidence() {
  const product = await startProduct();
  try {
    await warmUp(product, { inFlight: 50, body: { manifest: chainOf(10, 'pure'), inputs: {} } });
    await untilSealed(product.database);
    const idle = currentRssOf(product);
    const { runId } = await product.submit({ manifest: manifestOfMap(), inputs: itemInputs(ITEMS) });
    await waitForEnd(product.database, runId, LIMIT_MS);
    const driven = peakRssOf(product);
    forgetPeakRss(product);
    const began = performance.now();
    await untilSealed(product.database);
    const seconds = (performance.now() - began) / 1_000;
    const peak = peakRssOf(product);
    const { rows } = await product.database.query(
      `select last_seq::float8 as entries from pack_runs.runs order by last_seq desc limit 1`,
    );
    const { entries } = rows[0];
    const bundle = await (await product.ask(`/api/runs/${runId}/evidence`)).arrayBuffer();
    yield line({
      ...{ name: 'evidence-memory', value: peak - idle, unit: 'MiB', better: 'less', entries },
      target: rounded((TARGET_MIB * entries) / 100_000),
      ...{ peakMiB: rounded(peak), idleMiB: rounded(idle), drivenMiB: rounded(driven), sealSeconds: rounded(seconds) },
      bundleMiB: rounded(bundle.byteLength / 1_048_576),
    });
  } finally {
    await product.stop();
  }
}

async function* schedules() {
  const product = await startProduct({ configuration: { scheduler: { maxPerTenant: SCHEDULES } } });
  try {
    const body = { manifest: chainOf(2, 'pure'), inputs: {} };
    await warmUp(product, { inFlight: 50, body });
    await untilSealed(product.database);
    for (let i = 0; i < SCHEDULES; i++)
      await product.post('/api/schedules', { ...body, name: `s${i}`, cron: '* * * * *', timeZone: 'UTC' });
    const { rows: known } = await product.database.query(
      'select now() as now, (select count(*) from pack_runs.runs) as runs',
    );
    const first = Math.ceil(known[0].now.getTime() / MINUTE_MS) * MINUTE_MS;
    const until = first + TICKS * MINUTE_MS - MINUTE_MS / 6;
    await pause(until - Date.now());
    const { rows } = await product.database.query(
      `select count(*)::int as runs, count(finished_ms)::int as ended, max(started_ms - floor(created_ms / 60000.0) * 60000)::float8 as last,
         percentile_disc(0.5) within group (order by started_ms - floor(created_ms / 60000.0) * 60000)::float8 as p50
       from pack_runs.runs where created_ms >= $1`,
      [first],
    );
    const { runs, ended, last, p50 } = rows[0];
    if (runs !== SCHEDULES * TICKS || ended !== runs)
      throw new Error(`${runs} runs of ${SCHEDULES * TICKS}, ${ended} ended`);
    yield line({
      ...{ name: 'schedules-start', value: last / 1_000, unit: 's', better: 'less', target: TARGET_S },
      ...{ schedules: SCHEDULES, ticks: TICKS, p50: rounded(p50 / 1_000) },
    });
  } finally {
    await product.stop();
  }
}

export const measures = {
  'evidence-memory': { about: 'memory of a worker that seals one large run', onlyByName: true, whole: largeEvidence },
  'schedules-start': {
    about: 'from a full minute until the runs of all schedules have started',
    onlyByName: true,
    whole: schedules,
  },
};
