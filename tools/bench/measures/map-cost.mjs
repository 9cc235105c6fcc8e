// Cost per step in a map over 100 000 items, compared with 1 000 items: from submission to end, with no-op steps, with one worker and with
// three.
import { line, rounded } from '../lines.mjs';
import { untilSealed, waitForEnd } from '../load.mjs';
import { median } from '../median.mjs';
import { itemInputs, manifestOfMap } from '../packs.mjs';
import { cpuOf, peakRssOf, startProduct } from '../product.mjs';
import { setting } from '../settings.mjs';

const SMALL = 1_000;
const LARGE = setting('BENCH_MAP', 100_000);
const LIMIT_MS = 600_000;
/** BENCH_WORKERS: numbers of workers, measured in turn. */
const WORKERS = setting('BENCH_WORKERS', [1, 3]);

/** A map of this number of items: milliseconds per step of wall time and of processor time. */
export async function costOfMap(product, count, effects = 'pure') {
  const [began, cpu] = [performance.now(), cpuOf(product)];
  const { runId } = await product.submit({ manifest: manifestOfMap(effects), inputs: itemInputs(count) });
  await waitForEnd(product.database, runId, LIMIT_MS);
  const used = cpuOf(product);
  const wall = (performance.now() - began) / count;
  const processors = (used[product.driver] - cpu[product.driver] + used.database - cpu.database) / count;
  return { wall, processors };
}

async function* mapCost(effects, workers, { rounds }) {
  const product = await startProduct({ workers });
  const cost = (count) => costOfMap(product, count, effects);
  try {
    for (let i = 0; i < 10; i++) await cost(SMALL);
    await untilSealed(product.database);
    const small = [];
    for (let i = 0; i < Math.max(5, rounds); i++) small.push(await cost(SMALL));
    await untilSealed(product.database);
    const large = await cost(LARGE);
    const peakRssMiB = rounded(peakRssOf(product));
    const of = (key) => median(small.map((one) => one[key]));
    yield line({
      ...{
        name: effects === 'pure' ? `map-cost-${workers}` : `map-cost-${effects}-${workers}`,
        value: large.wall * 1_000,
        unit: 'µs/step',
        peer: `a map of ${SMALL}`,
        peerValue: rounded(of('wall') * 1_000),
      },
      ...{ ratio: large.wall / of('wall'), target: 1.2, better: 'less', items: LARGE, workers, peakRssMiB },
      cpuRatio: rounded(large.processors / of('processors')),
    });
  } finally {
    await product.stop();
  }
}

async function* each(effects, setting) {
  for (const workers of WORKERS) yield* mapCost(effects, workers, setting);
}

export const measures = {
  'map-cost': { whole: (setting) => each('pure', setting) },
  'map-cost-idempotent': {
    about: 'the same with idempotent steps, each of which is committed before and after its execution',
    onlyByName: true,
    whole: (setting) => each('idempotent', setting),
  },
};
