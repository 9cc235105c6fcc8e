// Cost of runs that wait for people: memory of the worker that drove them to their gates, and its latency for other runs while they wait.
import { line, rounded } from '../lines.mjs';
import { pause } from '../load.mjs';
import { currentRssOf, startProduct } from '../product.mjs';
import { setting } from '../settings.mjs';

/** BENCH_WAITING: number of waiting runs. */
const WAITING = setting('BENCH_WAITING', 100_000);
/** Number of runs that wait before. */
const WARM = 5_000;
const IN_FLIGHT = 100;
const PROBES = 200;
/** Permitted difference of memory, MiB: the variation of a process within a minute of work. */
const TARGET_MIB = 64;
const LIMIT_MS = 1_800_000;

const HEAD = 'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: bench, version: 1.0.0 }\nspec:\n';
const GATED = {
  manifest: `${HEAD}  approvals: [ { id: people, grants: [packs.approve], minApprovals: 1 } ]
  steps:
    - { id: ask, gate: { approval: people, message: "go?" } }
    - { id: act, run: { uses: "builtin:noop" } }
`,
  inputs: {},
};
const PROBE = `${HEAD}  steps:\n    - { id: one, run: { uses: "builtin:noop" } }\n`;

/** Number of open gates. */
export async function openGates({ database }) {
  const { rows } = await database.query(`select count(*)::int as n from pack_runs.gates where state = 'open'`);
  return rows[0].n;
}

/** Submits `more` runs, and waits until all of them wait at their gates. Returns how many came there per second. */
export async function waitAtGates(product, more) {
  const all = (await openGates(product)) + more;
  const began = performance.now();
  let left = more;
  const lane = async () => {
    while (left-- > 0) await product.submit(GATED);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await pause(500))
    if ((await openGates(product)) >= all) return more / ((performance.now() - began) / 1_000);
  throw new Error('they do not come to their gates');
}

async function* waiting() {
  const product = await startProduct();
  /** 95th percentile of the time from a run's submission to its first step, one at a time, milliseconds. */
  const claimP95 = async () => {
    const times = [];
    for (let i = 0; i < PROBES; i++) {
      await product.submit({ manifest: PROBE, inputs: {} });
      await pause(30);
    }
    const { rows } = await product.database.query(`select started_ms - created_ms as ms
      from pack_runs.runs where status = 'succeeded' order by run_id desc limit ${PROBES}`);
    for (const { ms } of rows) times.push(Number(ms));
    return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)];
  };
  try {
    // The code is then compiled, and the heap has its working size. After fewer it still grows, whether runs wait or end.
    await waitAtGates(product, WARM);
    await claimP95();
    const [rss, p95] = [currentRssOf(product), await claimP95()];
    const perSecond = rounded(await waitAtGates(product, WAITING));
    await pause(5_000);
    const [rssAfter, p95After] = [currentRssOf(product), await claimP95()];
    const more = { better: 'less', waiting: WAITING, gatesPerSecond: perSecond };
    yield line({
      ...{ name: 'waiting-runs-memory', value: rssAfter - rss, unit: 'MiB', target: TARGET_MIB },
      ...{ ...more, rssMiB: rounded(rssAfter) },
    });
    yield line({
      ...{ name: 'waiting-runs-claim-p95', value: p95After, unit: 'ms', peer: 'hardly any waiting' },
      ...{ peerValue: rounded(p95), ratio: p95After / Math.max(1, p95), target: 1.2, ...more },
    });
  } finally {
    await product.stop();
  }
}

export const measures = { 'waiting-runs': { whole: waiting } };
