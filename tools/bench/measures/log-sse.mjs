// Latency of a line from the child that writes it to each of 200 subscribers, at a steady rate, with one stalled subscriber beside them.
import { loadavg } from 'node:os';
import { fanOut } from '../../logs/fan-out.mjs';
import { startLogStack } from '../../logs/stack.mjs';
import { median } from '../median.mjs';

const SIZE = { lines: 6_000, readers: 200, pace: 500, leave: 0, stalled: 1 };
const TARGET_MS = 100;

const rounded = (value) => Number(value.toPrecision(4));

async function* logSse({ rounds }) {
  const product = await startLogStack({ http: { streams: { stall: '5s' } } });
  try {
    const reported = [];
    for (let round = 0; round <= rounds; round++) {
      const one = await fanOut(product, SIZE);
      if (one.complete !== SIZE.readers) throw new Error(`${SIZE.readers - one.complete} readers lack lines`);
      // The first run warms up.
      if (round > 0) reported.push(one);
    }
    const value = median(reported.map(({ delayMs }) => delayMs.p99));
    const p50 = median(reported.map(({ delayMs }) => delayMs.p50));
    const deliveriesPerSecond = rounded(median(reported.map((one) => one.deliveriesPerSecond)));
    const load = rounded(loadavg()[0]);
    yield {
      name: 'log-sse-p99',
      value,
      unit: 'ms',
      target: TARGET_MS,
      pass: value <= TARGET_MS,
      p50,
      deliveriesPerSecond,
      ...SIZE,
      load,
    };
  } finally {
    await product.stop();
  }
}

export const measures = { 'log-sse': { whole: logSse } };
