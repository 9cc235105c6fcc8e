// Planning: from the bytes of a manifest to the plan hash, without any server.
import { createRequire } from 'node:module';
import { itemInputs, manifestOfMap, manifestOfSteps, setting } from '../packs.mjs';
import { median } from '../median.mjs';

const require = createRequire(import.meta.url);
const { PlannerHere, planningContextOf, planningDependencies } = require('@taskrunner/core/operations');
const { PlanningThreads } = require('@taskrunner/infrastructure/planning');

const WARM_UPS = 3;
const ASKER = { tenant: 'bench', signers: [] };

const MEASURED = 3;

/** Milliseconds from the manifest to the hash and the stored texts; `cpuMs` is the processor time of this process alone. */
function planning(manifest, inputs) {
  const dependencies = planningDependencies(planningContextOf(setting));
  const once = () => {
    const [began, taken] = [performance.now(), process.cpuUsage()];
    const planned = dependencies.plan({ source: { manifest, hasLines: true, files: [] }, inputs, asker: ASKER });
    if (planned.kind !== 'planned') throw new Error(JSON.stringify(planned.faults.slice(0, 3)));
    const { user, system } = process.cpuUsage(taken);
    return { value: performance.now() - began, cpuMs: (user + system) / 1_000 };
  };
  for (let i = 0; i < WARM_UPS; i++) once();
  const measured = Array.from({ length: MEASURED }, once);
  return { value: median(measured.map(({ value }) => value)), cpuMs: median(measured.map(({ cpuMs }) => cpuMs)) };
}

/** Small packs per second through the threads, with the ratio to planning in this thread. */
async function throughThreads() {
  const context = planningContextOf(setting);
  const threads = new PlanningThreads(context, { memory: 256 * 1024 ** 2, time: 10_000, threads: 2, queue: 10_000 });
  const here = new PlannerHere(context);
  const asked = { source: { manifest: manifestOfSteps(10), hasLines: true, files: [] }, inputs: {}, asker: ASKER };
  const rate = async (planner, count) => {
    const began = performance.now();
    await Promise.all(Array.from({ length: count }, (_, i) => planner.ask(`tenant ${i % 2}`, 'plan', asked)));
    return count / ((performance.now() - began) / 1_000);
  };
  await rate(threads, 500);
  await rate(here, 500);
  const [value, single] = [await rate(threads, 1_000), await rate(here, 1_000)];
  await threads.close();
  return { value, ratio: value / single };
}

export const measures = {
  'plan-map-10k': {
    unit: 'ms',
    target: 50,
    better: 'less',
    round: async () => planning(manifestOfMap(), itemInputs(10_000)),
  },
  'plan-map-100k': {
    unit: 'ms',
    target: 500,
    better: 'less',
    round: async () => planning(manifestOfMap(), itemInputs(100_000)),
  },
  'plan-steps-10k': {
    unit: 'ms',
    target: 1_000,
    better: 'less',
    round: async () => planning(manifestOfSteps(10_000), {}),
  },
  'submit-plan': {
    unit: 'plans/s',
    target: 1_000,
    better: 'more',
    peer: 'the same without threads',
    round: throughThreads,
  },
};
