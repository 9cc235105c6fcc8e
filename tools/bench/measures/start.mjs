// Start of embedded database, development Authority, webservice and worker until they are ready, in a folder that was used before.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { line } from '../lines.mjs';
import { median } from '../median.mjs';
import { startProduct } from '../product.mjs';

async function* start({ rounds }) {
  const state = mkdtempSync(join(tmpdir(), 'taskrunner-bench-'));
  try {
    await (await startProduct({ state })).stop();
    const took = [];
    for (let i = 0; i < rounds; i++) {
      const began = performance.now();
      const product = await startProduct({ state });
      took.push(performance.now() - began);
      await product.stop();
    }
    yield line({ name: 'start', value: median(took), unit: 'ms', target: 3_000, better: 'less' });
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

export const measures = { start: { whole: start } };
