// `node tools/logs/fan-out.mjs [--lines N] [--readers N] [--pace LINES/S] [--leave SHARE] [--stalled N]`: a real run prints lines, and all
// readers follow it over SSE. Some disconnect and resume with Last-Event-ID, some stall. Prints one JSON object; exit 1 unless each reader
// received each line once and in order.
import { readRun, stall } from './reader.mjs';
import { MANY_STREAMS, cpuOf, packOf, pause, readArguments, rssOf, startLogStack, webservicePid } from './stack.mjs';

const BUCKETS = 120_000;
const PAD = 'x'.repeat(55);

/** Prints this number of lines with their number and time, `pace` per second (0: without a limit). */
export function printing(lines, pace) {
  const batch = pace === 0 ? lines : Math.max(1, Math.ceil(pace / 20));
  const rest = pace === 0 ? '' : `; if (( i % ${batch} == 0 )); then sleep 0.05; fi`;
  return `for ((i = 1; i <= ${lines}; i++)); do echo "L$i \${EPOCHREALTIME/./} ${PAD}"${rest}; done`;
}

/** Lets this number of readers follow one run. */
export async function fanOut(product, { lines, readers, pace, leave, stalled }) {
  const { stack, token } = product;
  const { server } = stack;
  const runId = await product.submit(packOf([printing(lines, pace)]));
  const delays = new Float64Array(BUCKETS);
  const stalls = new AbortController();
  const pids = { webservice: webservicePid(), worker: stack.workerPids()[0], readers: process.pid };
  const taken = () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuOf(pid)]));
  const before = taken();
  const began = performance.now();
  const stuck = Array.from({ length: stalled }, () => stall({ server, token, runId, signal: stalls.signal }));
  const reports = await Promise.all(
    Array.from({ length: readers }, () =>
      readRun({ server, token, runId, delays, leaves: () => leave > 0 && Math.random() < leave }),
    ),
  );
  const seconds = (performance.now() - began) / 1_000;
  const after = taken();
  const run = await product.ended(runId);
  // Stalled readers are disconnected after their timeout.
  await Promise.race([Promise.all(stuck), pause(20_000)]);
  stalls.abort();
  const cut = (await Promise.all(stuck)).filter((at) => at !== null);
  const sum = (count) => reports.reduce((total, one) => total + count(one), 0);
  const complete = reports.filter(
    ({ lines: read, last, gaps, wrong }) => read === lines && last === lines && gaps + wrong === 0,
  );
  return {
    lines,
    readers,
    pace,
    seconds,
    lastLine: run.lastLine,
    complete: complete.length,
    gaps: sum(({ gaps }) => gaps),
    wrong: sum(({ wrong }) => wrong),
    reconnects: sum(({ connections }) => connections - 1),
    deliveriesPerSecond: sum(({ lines: read }) => read) / seconds,
    live: delays.reduce((total, count) => total + count),
    delayMs: { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: percentile(delays, 1) },
    stalled,
    cutOffAfter: cut,
    cpuMs: Object.fromEntries(Object.keys(pids).map((name) => [name, after[name] - before[name]])),
    rssMiB: { webservice: rssOf(pids.webservice).most, worker: rssOf(pids.worker).most },
  };
}

function percentile(histogram, share) {
  const total = histogram.reduce((sum, count) => sum + count);
  let seen = 0;
  for (let ms = 0; ms < histogram.length; ms++) {
    seen += histogram[ms];
    if (seen >= share * total && seen > 0) return ms;
  }
  return null;
}

if (process.argv[1] === import.meta.filename) {
  const asked = readArguments({
    lines: 100_000,
    readers: 200,
    pace: 0,
    leave: 0.002,
    stalled: 2,
    stall: '5s',
    fast: false,
  });
  const product = await startLogStack(
    { http: { limits: { stream: 100_000 }, streams: { ...MANY_STREAMS, stall: asked.stall } } },
    { durable: !asked.fast },
  );
  try {
    const reports = await fanOut(product, asked);
    console.log(JSON.stringify(reports));
    process.exitCode =
      reports.complete === reports.readers &&
      reports.lastLine === reports.lines &&
      reports.cutOffAfter.length === reports.stalled
        ? 0
        : 1;
  } finally {
    await product.stop();
  }
}
