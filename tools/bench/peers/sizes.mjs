// Code that all peers share: the size from the environment, a new database, and lanes that keep C runs in flight.
import pg from 'pg';

export const size = {
  runs: Number(process.env['W'] ?? 500),
  steps: Number(process.env['S'] ?? 10),
  inFlight: Number(process.env['C'] ?? 50),
  /** Steps of a workflow at once; only of peers that can. */
  atOnce: Number(process.env['F'] ?? 1),
  /** Pause after each run, milliseconds. */
  restMs: Number(process.env['REST_MS'] ?? 0),
  /** Time of the measured work before it is measured, milliseconds. A large workflow warms up by itself. */
  warmMs: Number(process.env['S'] ?? 10) > 1_000 ? 0 : Number(process.env['WARM_MS'] ?? 5_000),
  url: process.env['PGURL'] ?? 'postgresql://postgres@127.0.0.1:5432',
};

/** Creates an empty database and returns its URL. */
export async function freshDatabase(name) {
  const admin = new pg.Client(`${size.url}/postgres`);
  await admin.connect();
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`create database ${name}`);
  await admin.end();
  return `${size.url}/${name}`;
}

/**
 * Keeps C runs in flight, first until the time for the warm-up is over, then until W have ended, which is measured. Prints the result.
 * `others`: processor time of other processes, milliseconds.
 */
export async function lanes(peer, run, others = () => 0) {
  const { runs, steps, warmMs } = size;
  const until = performance.now() + warmMs;
  const warmRuns = (await inLanes(run, () => performance.now() < until, 0)).length;
  let next = 0;
  const [began, cpu, beside] = [performance.now(), process.cpuUsage(), others()];
  const took = await inLanes(run, () => next++ < runs, size.restMs);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  took.sort((a, b) => a - b);
  const p50 = took[Math.floor(took.length / 2)] ?? 0;
  const cpuMs = (user + system) / 1_000 + others() - beside;
  const rate = (runs * steps) / seconds;
  console.log(JSON.stringify({ peer, steps_per_second: rate, p50_ms: p50, cpu_ms: cpuMs, warm_runs: warmRuns }));
}

/** Keeps C runs in flight as long as there is a next one, with a pause after each. Returns their durations. */
async function inLanes(run, hasNext, restMs) {
  const took = [];
  const lane = async () => {
    while (hasNext()) {
      const at = performance.now();
      await run();
      took.push(performance.now() - at);
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  };
  await Promise.all(Array.from({ length: size.inFlight }, lane));
  return took;
}
