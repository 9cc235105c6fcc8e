// Duration of one run at a time on an idle system, from the response to its submission to the commit of its end.
import { line, rounded } from '../lines.mjs';
import { pause, untilSealed, waitForEnd, warmUp } from '../load.mjs';
import { median } from '../median.mjs';
import { peerRunner } from '../peers.mjs';
import { chainOf, startProduct } from '../product.mjs';

const STEPS = 10;
export const RUNS = 30;
/** Pause between two runs, so that the follow-up work of one (its evidence) is done before the next. */
const REST_MS = 60;

const TARGETS = { pure: 1 / 3, idempotent: 2 / 3 };

/** Durations of runs, one after the other, after a warm-up, milliseconds. */
export async function timesOf(product, mode) {
  const body = { manifest: chainOf(STEPS, mode), inputs: {} };
  await warmUp(product, { inFlight: 1, body });
  await untilSealed(product.database);
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const { runId } = await product.submit(body);
    const began = performance.now();
    await waitForEnd(product.database, runId);
    times.push(performance.now() - began);
    await pause(REST_MS);
  }
  return times;
}

async function* oneRun({ rounds, notice }) {
  const peers = await peerRunner(notice);
  const product = await startProduct();
  try {
    const took = { pure: [], idempotent: [] };
    const dbos = [];
    for (let round = 0; round < rounds; round++) {
      for (const [mode, times] of Object.entries(took)) times.push(...(await timesOf(product, mode)));
      const size = { runs: RUNS, steps: STEPS, inFlight: 1, url: product.serverUrl, databaseCpu: () => 0 };
      for (const [, { rate }] of await peers.rates(size, null, 'dbos')) dbos.push((1_000 * STEPS) / rate);
    }
    for (const [mode, times] of Object.entries(took)) {
      const value = median(times);
      const p90 = [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.9)];
      const reported = { name: `one-run-${mode}`, value, unit: 'ms', better: 'less', p90: rounded(p90) };
      if (dbos.length === 0) yield line(reported);
      else {
        const peerValue = median(dbos);
        yield line({
          ...reported,
          peer: 'dbos',
          peerValue: rounded(peerValue),
          ratio: value / peerValue,
          target: rounded(TARGETS[mode]),
        });
      }
    }
  } finally {
    await product.stop();
  }
}

export const measures = { 'one-run': { whole: oneRun } };
