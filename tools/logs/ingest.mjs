// `node tools/logs/ingest.mjs [--lines N] [--steps N] [--text random|alike]`: throughput of log lines through one worker, and the WAL that
// they cause.
import { createRequire } from 'node:module';
import { cpuOf, packOf, pause, readArguments, rssOf, startLogStack } from './stack.mjs';

const { runUuid } = createRequire(import.meta.url)('@taskrunner/core/foundation');

/** Scripts that print this number of lines of 80 bytes. `random`: incompressible; `alike`: like the output of usual tools. */
const PRINTING = {
  random: (lines) => `head -c ${lines * 60} /dev/urandom | base64 -w 80 | cut -c 1-79`,
  alike: (lines) =>
    `seq -f '2026-01-01T00:00:00Z INFO  scanner: layer %06.0f of app:1.4.0 has been scanned, 0 ok' ${lines}`,
};

/** One run whose steps print in parallel, measured from the first written line to the last numbered one. */
export async function ingest(product, { lines, steps, text }) {
  const { database } = product;
  await database.query('checkpoint');
  const position = async () => (await database.query('select pg_current_wal_insert_lsn() as lsn')).rows[0].lsn;
  const worker = product.stack.workerPids()[0];
  const from = await position();
  const cpu = cpuOf(worker);
  const runId = await product.submit(packOf(Array.from({ length: steps }, () => PRINTING[text](lines / steps))));
  const run = await product.ended(runId);
  const cpuMs = cpuOf(worker) - cpu;
  const to = await position();
  const { rows } = await database.query(
    `select sum(octet_length(data))::float8 as bytes, sum(pg_column_size(data))::float8 as stored, sum(lines)::float8 as lines,
       min(at_ms)::float8 as first, count(*)::int as chunks, pg_wal_lsn_diff($2, $3)::float8 as wal
     from pack_run_logs.chunks where run_id = $1`,
    [runUuid(runId), to, from],
  );
  const [{ bytes, stored, lines: kept, first, chunks, wal }] = rows;
  if (run.status !== 'succeeded' || kept !== lines || run.lastLine !== lines)
    throw new Error(`${runId}: ${run.status}, ${kept} lines`);
  const seconds = (Date.parse(run.finishedAt) - first) / 1_000;
  return {
    linesPerSecond: lines / seconds,
    mibPerSecond: bytes / seconds / 1024 ** 2,
    walRatio: wal / bytes,
    storedRatio: stored / bytes,
    chunks,
    cpuMs,
  };
}

/** Measures `rounds` times after one round to warm up. */
export async function measureIngest({ lines, steps, text, rounds, fast = false }) {
  const product = await startLogStack({}, { durable: !fast });
  try {
    const reported = [];
    for (let round = 0; round <= rounds; round++) {
      const one = await ingest(product, { lines, steps, text });
      if (round > 0) reported.push(one);
      await pause(500);
    }
    return { reported, rssMiB: rssOf(product.stack.workerPids()[0]).most };
  } finally {
    await product.stop();
  }
}

if (process.argv[1] === import.meta.filename) {
  const { reported, rssMiB } = await measureIngest(
    readArguments({ lines: 400_000, steps: 4, text: 'random', rounds: 3, fast: false }),
  );
  for (const one of reported) console.log(JSON.stringify(one));
  console.log(JSON.stringify({ rssMiB }));
}
