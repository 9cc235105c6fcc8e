// `node tools/logs/storm.mjs [--scale SHARE] [--only NAME] [--fast]`: log storms, one after the other, beside small runs: 1 GB of short
// lines, one line of 350 MB, NUL, ANSI, binary data, a million empty lines. Prints one JSON object per storm; exit 1 if the worker's
// resident size exceeds its limit, a log limit was exceeded or a line is missing.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packOf, pause, readArguments, rssOf, startLogStack } from './stack.mjs';

const { runUuid } = createRequire(import.meta.url)('@taskrunner/core/foundation');
const MOST_RSS_MIB = 300;
const CHUNK_BYTES = 64 * 1024;
/** Size of the marks for dropped lines in the log itself. */
const MARKS_BYTES = 16 * 1024;

const asked = readArguments({ scale: 1, only: '', fast: false });
const bytes = (count) => Math.ceil(count * asked.scale);
/** Log limit of an execution: the default of 64 MiB, scaled down with the storms. */
const MOST_KIB = Math.max(64, Math.ceil(64 * 1024 * Math.min(1, asked.scale)));

const STORMS = {
  lines: `yes "${'x'.repeat(79)}" | head -c ${bytes(1e9)}`,
  'one line': `head -c ${bytes(350e6)} /dev/zero | tr '\\0' a; echo`,
  nul: `head -c ${bytes(200e6)} /dev/zero`,
  ansi: `yes $'\\e[1;31mred\\e[0m \\e[2K\\rprogress' | head -c ${bytes(200e6)}`,
  binary: `head -c ${bytes(200e6)} /dev/urandom`,
  empty: `yes '' | head -n ${bytes(1e6)}`,
};

/** Executes small runs in sequence during `during`. Returns their durations from acceptance to end, on the database's clock. */
async function others(product, during) {
  let isOver = false;
  const over = during.finally(() => (isOver = true));
  const took = [];
  const manifest = packOf(['echo hello']);
  while (!isOver) {
    const run = await product.ended(await product.submit(manifest));
    took.push(Date.parse(run.finishedAt) - Date.parse(run.createdAt));
  }
  await over;
  took.sort((a, b) => a - b);
  return { count: took.length, p50: took[Math.floor(took.length / 2)], p95: took[Math.floor(took.length * 0.95)] };
}

/** Samples the maximum resident size from now on. */
function watchSize(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return () => Math.round(rssOf(pid).most);
}

async function storm(product, name, script) {
  const pid = product.stack.workerPids()[0];
  const mostRss = watchSize(pid);
  const began = performance.now();
  const runId = await product.submit(packOf([script]));
  let run;
  let atEnd;
  const end = async () => {
    run = await product.ended(runId);
    atEnd = { seconds: (performance.now() - began) / 1_000, rssMiB: mostRss() };
    await product.sealed(runId);
  };
  const beside = await others(product, end());
  const { rows } = await product.database.query(
    `select sum(octet_length(data))::float8 as bytes, sum(lines)::float8 as lines, max(octet_length(data)) as largest, max(lines) as most
     from pack_run_logs.chunks where run_id = $1`,
    [runUuid(runId)],
  );
  const [kept] = rows;
  const attestations = await product.ask('GET', `/api/runs/${runId}/attestations`);
  const { payload } = attestations.statements['pack-run'].dsseEnvelope;
  const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString());
  const log = JSON.stringify(predicate).match(/"log":(\{[^{}]*\})/);
  return {
    storm: name,
    status: run.status,
    seconds: Number(atEnd.seconds.toFixed(1)),
    rssMiB: { untilEnd: atEnd.rssMiB, untilSealed: mostRss() },
    kept,
    lastLine: run.lastLine,
    evidence: log ? JSON.parse(log[1]) : null,
    beside,
  };
}

/** Faults in the result of a storm; empty if there are none. */
function faultsOf({ storm: name, status, rssMiB, kept, lastLine, evidence }) {
  return [
    [status === 'succeeded', 'the run has not succeeded'],
    [rssMiB.untilEnd <= MOST_RSS_MIB, `the worker had ${rssMiB.untilEnd} MiB`],
    [rssMiB.untilSealed <= MOST_RSS_MIB, `the worker had ${rssMiB.untilSealed} MiB when it sealed`],
    [kept.bytes <= MOST_KIB * 1024 + MARKS_BYTES, 'more was kept than may be'],
    [kept.largest <= CHUNK_BYTES && kept.most <= 256, 'a chunk is too large'],
    [
      kept.lines === lastLine && evidence?.lines === lastLine && evidence.bytes === kept.bytes,
      'lines are not numbered',
    ],
    [name !== 'empty' || (lastLine === bytes(1e6) && evidence?.dropped === 0), 'empty lines are missing'],
  ].flatMap(([holds, fault]) => (holds ? [] : [fault]));
}

const product = await startLogStack({ limits: { logBytes: `${MOST_KIB}KiB` } }, { durable: !asked.fast });
try {
  const idle = await others(product, pause(8_000));
  console.log(JSON.stringify({ idle, rssMiB: rssOf(product.stack.workerPids()[0]) }));
  for (const [name, script] of Object.entries(STORMS)) {
    if (asked.only !== '' && asked.only !== name) continue;
    const report = await storm(product, name, script);
    const faults = faultsOf(report);
    console.log(JSON.stringify({ ...report, p95Ratio: Number((report.beside.p95 / idle.p95).toFixed(2)), faults }));
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await product.stop();
}
