// Submissions per second over HTTP: the token is checked, the pack planned, the admission signed and the run stored. Webservice, database
// and client share the machine. No worker runs, so that only submissions are measured.
import { line, rounded } from '../lines.mjs';
import { median } from '../median.mjs';
import { chainOf, cpuOf, startProduct } from '../product.mjs';

const IN_FLIGHT = 50;
const WARM_UP = 1_000;
const SUBMISSIONS = 4_000;

async function load(product, count, body) {
  const took = [];
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < count) {
      next++;
      const at = performance.now();
      await product.submit(body(next));
      took.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - began) / 1_000;
  took.sort((a, b) => a - b);
  return { rate: count / seconds, p99: took[Math.floor(took.length * 0.99)] };
}

/** `same`: one pack repeatedly, like real callers; `new`: a different manifest each time, so that each is planned. */
async function* submissions({ rounds }) {
  const product = await startProduct({ workers: 0 });
  try {
    const manifest = chainOf(10, 'pure');
    let made = 0;
    const packs = {
      same: () => ({ manifest, inputs: {} }),
      new: () => ({ manifest: manifest.replace('name: bench', `name: bench-${made++}`), inputs: {} }),
    };
    for (const [name, body] of Object.entries(packs)) {
      await load(product, WARM_UP, body);
      const measured = [];
      for (let i = 0; i < rounds; i++) {
        const cpu = cpuOf(product);
        const result = await load(product, SUBMISSIONS, body);
        const used = cpuOf(product);
        const ms = Object.keys(used).map((kind) => [kind, rounded((used[kind] - cpu[kind]) / SUBMISSIONS)]);
        measured.push({ ...result, cpu: Object.fromEntries(ms) });
      }
      const rate = median(measured.map((one) => one.rate));
      const p99 = median(measured.map((one) => one.p99));
      const target = name === 'same' ? { rate: 1_000, p99: 100 } : { rate: null, p99: null };
      const [{ cpu }] = measured;
      yield line({
        name: `submissions-${name}`,
        value: rate,
        unit: 'submissions/s',
        target: target.rate,
        cpuMsEach: cpu,
      });
      yield line({ name: `submissions-${name}-p99`, value: p99, unit: 'ms', target: target.p99, better: 'less' });
    }
  } finally {
    await product.stop();
  }
}

export const measures = { submissions: { whole: submissions } };
