// Evidence of a run of 1 000 steps: building, signing and storing it, and verifying its bundle offline, including the start of the program.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { line } from '../lines.mjs';
import { driveRuns, metricOf, untilSealed, waitForEnd } from '../load.mjs';
import { median } from '../median.mjs';
import { chainOf, ROOT, startProduct } from '../product.mjs';

const STEPS = 1_000;
const ATTEST = 'taskrunner_attest_duration_seconds';

async function* evidence({ rounds }) {
  const product = await startProduct();
  try {
    const body = { manifest: chainOf(STEPS, 'pure'), inputs: {} };
    await driveRuns(product, { runs: 100, inFlight: 10, body: { manifest: chainOf(10, 'pure'), inputs: {} } });
    await untilSealed(product.database);
    const attests = [];
    const verifications = [];
    for (let i = 0; i < rounds + 2; i++) {
      const before = await metricOf(product, `${ATTEST}_sum`);
      if (before === null)
        throw new Error('no process shows how long its seals take: measure it with BENCH_STORAGE=server');
      const { runId } = await product.submit(body);
      await waitForEnd(product.database, runId);
      await untilSealed(product.database);
      const took = ((await metricOf(product, `${ATTEST}_sum`)) - before) * 1_000;
      // The first two rounds warm up.
      if (i < 2) continue;
      attests.push(took);
      const file = join(product.stack.stateDirectory, `${runId}.tar`);
      const answer = await product.ask(`/api/runs/${runId}/evidence`);
      writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
      const began = performance.now();
      const cli = join(ROOT, 'apps/cli/bin/taskrunner.js');
      const { status } = spawnSync(
        process.execPath,
        [cli, 'verify', file, '--trust', product.stack.trustPath, '--allow-dev'],
        {
          stdio: 'ignore',
        },
      );
      if (status !== 0) throw new Error('the bundle does not verify');
      verifications.push(performance.now() - began);
    }
    yield line({ name: 'attest', value: median(attests), unit: 'ms', target: 250, better: 'less', steps: STEPS });
    yield line({
      name: 'verify',
      value: median(verifications),
      unit: 'ms',
      target: 1_000,
      better: 'less',
      steps: STEPS,
    });
  } finally {
    await product.stop();
  }
}

export const measures = { evidence: { whole: evidence } };
