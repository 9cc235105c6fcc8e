// Load on the whole product, and its cost in the database.
import { createRequire } from 'node:module';
import { setting } from './settings.mjs';

const { runUuid } = createRequire(import.meta.url)('@taskrunner/core/foundation');

/** Polling interval for ended runs: long enough to cost little, short enough that no lane waits long. */
const POLL_MS = 8;
const STALLED_MS = 120_000;

/** BENCH_WARM_MS: time of the measured work before each measurement, for the product as for its peers, milliseconds. */
export const WARM_MS = setting('BENCH_WARM_MS', 5_000);

/** Drives runs until the time for the warm-up is over. */
export async function warmUp(product, { inFlight, body }) {
  await driveRuns(product, { runs: Infinity, forMs: WARM_MS, inFlight, body });
}

/**
 * Submits `runs` runs over HTTP, `inFlight` at a time, and none later than `forMs` after the first: a lane submits its next run when the row of its last one has a final status. The
 * rows of many runs are read with one query, so that polling costs less than the measured work. `body`: the submission, or a function that
 * makes one for each run.
 */
export async function driveRuns(product, { runs, forMs = Infinity, inFlight, body }) {
  const waiting = new Map();
  const over = new AbortController();
  const watching = watchEnds(product.database, waiting, over.signal);
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < runs && performance.now() - began < forMs) {
      next++;
      const { runId } = await product.submit(typeof body === 'function' ? body() : body);
      const { status } = await new Promise((resolve) => waiting.set(runUuid(runId), resolve));
      if (status !== 'succeeded') throw new Error(`${runId} ended ${status}`);
    }
  };
  try {
    await Promise.race([Promise.all(Array.from({ length: Math.min(inFlight, runs) }, lane)), watching]);
    return { seconds: (performance.now() - began) / 1_000 };
  } finally {
    over.abort();
    await watching.catch(() => undefined);
  }
}

async function watchEnds(database, waiting, signal) {
  let endedAt = performance.now();
  while (!signal.aborted) {
    const ids = [...waiting.keys()];
    if (ids.length > 0) {
      const { rows } = await database.query({ name: 'ended', text: ENDED, values: [ids] });
      for (const { run_id, status } of rows) {
        waiting.get(run_id)?.({ status });
        waiting.delete(run_id);
      }
      if (rows.length > 0) endedAt = performance.now();
      else if (performance.now() - endedAt > STALLED_MS) throw new Error(`${ids.length} runs do not end`);
    } else endedAt = performance.now();
    await pause(POLL_MS);
  }
}

const ENDED = `select run_id, status from pack_runs.runs where tenant_id = 'acme' and run_id = any ($1::uuid[])
  and status in ('succeeded', 'failed', 'cancelled', 'halted')`;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the evidence of all ended runs is sealed, so that sealing does not affect the next measurement. */
export async function untilSealed(database) {
  for (const end = Date.now() + 300_000; Date.now() < end; await pause(50)) {
    const { rows } = await database.query('select count(*)::int as waiting from pack_runs.outbox');
    if (rows[0].waiting === 0) return;
  }
  throw new Error('evidence is not sealed');
}

/** Position of the write-ahead log, and the number of committed transactions. */
export async function writesOf(database) {
  const { rows } = await database.query(`select pg_current_wal_insert_lsn() as lsn,
    (select xact_commit from pg_stat_database where datname = current_database())::float8 as transactions`);
  return rows[0];
}

/** Bytes between two positions of the write-ahead log. */
export async function walBetween(database, from, to) {
  const { rows } = await database.query('select pg_wal_lsn_diff($1, $2)::float8 as bytes', [to, from]);
  return rows[0].bytes;
}

/** A metric of each worker from `/metrics`, summed over labels; null: no process shows it. */
export async function metricOf({ stack }, name) {
  let sum = null;
  for (const url of stack.health.workers) {
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const found of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)`, 'gm')))
      sum = (sum ?? 0) + Number(found[1]);
  }
  return sum;
}

/**
 * Polls for the end of one run every millisecond, which is added to its duration. Polling without a pause would use one of two processors.
 * Throws unless the run succeeds.
 */
export async function waitForEnd(database, runId, limitMs = STALLED_MS) {
  const ids = [runUuid(runId)];
  for (const end = performance.now() + limitMs; performance.now() < end;) {
    const { rows } = await database.query({ name: 'ended', text: ENDED, values: [ids] });
    if (rows[0]?.status === 'succeeded') return;
    if (rows[0]) throw new Error(`${runId} ended ${rows[0].status}`);
    await pause(1);
  }
  throw new Error(`${runId} does not end`);
}
