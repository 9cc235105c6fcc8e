// Steps that start a program, each in a sandbox: per second with several runs in flight, and the time of one with a single run. The reference
// starts the same program without a sandbox, a record or a log, as many at once.
import { spawn } from 'node:child_process';
import { line, rounded } from '../lines.mjs';
import { driveRuns, metricOf, untilSealed, warmUp } from '../load.mjs';
import { median } from '../median.mjs';
import { cpuOf, endedChildrenCpu, startProduct } from '../product.mjs';
import { prepareProfiles, profiled } from '../profiles.mjs';

const STEPS = 10;
const RUNS = 40;
const IN_FLIGHT = 8;
const SINGLE_RUNS = 8;
const COMMAND = ['echo', 'hello'];

const STEP = (i) => `    - { id: s${i}, run: { uses: builtin:command, with: { command: [${COMMAND.join(', ')}] } } }\n`;
const manifest = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: bench, version: 1.0.0 }
spec:
  steps:
${Array.from({ length: STEPS }, (_, i) => STEP(i)).join('')}`;

async function* commands({ rounds: count }) {
  prepareProfiles('commands');
  const product = await startProduct();
  try {
    const body = { manifest, inputs: {} };
    const rounds = [];
    for (let i = 0; i < count; i++) rounds.push(await roundOf(product, body));
    await profiled(product, () => driveRuns(product, { runs: RUNS, inFlight: IN_FLIGHT, body }));
    const of = (key) => median(rounds.map((one) => one[key]));
    const cpuMsPerStep = Object.fromEntries(
      Object.keys(rounds[0].cpu).map((kind) => [kind, rounded(median(rounds.map(({ cpu }) => cpu[kind])))]),
    );
    const roundsOf = (key) => rounds.map((one) => rounded(one[key]));
    yield line({
      ...{ name: 'commands', value: of('rate'), unit: 'steps/s', rounds: roundsOf('rate') },
      ...{ peer: 'spawn', peerValue: rounded(of('spawned')), peerRounds: roundsOf('spawned') },
      ...{ ratio: of('rate') / of('spawned'), cpuMsPerStep, peerCpuMsPerStep: rounded(of('spawnedCpu')) },
    });
    yield line({ name: 'commands-sealed', value: of('sealed'), unit: 'steps/s', rounds: roundsOf('sealed') });
    yield line({
      ...{ name: 'commands-single', value: of('single'), unit: 'ms', better: 'less', rounds: roundsOf('single') },
      ...{ commitsPerStep: rounded(of('commits')) },
    });
  } finally {
    await product.stop();
  }
}

async function roundOf(product, body) {
  await warmUp(product, { inFlight: IN_FLIGHT, body });
  await untilSealed(product.database);
  const steps = RUNS * STEPS;
  const [began, before] = [performance.now(), cpuOf(product)];
  const { seconds } = await driveRuns(product, { runs: RUNS, inFlight: IN_FLIGHT, body });
  const after = cpuOf(product);
  await untilSealed(product.database);
  const sealed = (performance.now() - began) / 1_000;
  const flushes = await flushesOf(product);
  const single = await driveRuns(product, { runs: SINGLE_RUNS, inFlight: 1, body });
  const commits = ((await flushesOf(product)) - flushes) / (SINGLE_RUNS * STEPS);
  await untilSealed(product.database);
  return {
    rate: steps / seconds,
    sealed: steps / sealed,
    single: (single.seconds * 1_000) / (SINGLE_RUNS * STEPS),
    commits,
    cpu: Object.fromEntries(Object.keys(after).map((kind) => [kind, (after[kind] - before[kind]) / steps])),
    ...(await spawnOnly(steps)),
  };
}

const flushesOf = (product) => metricOf(product, 'taskrunner_flush_runs_count');

/** Starts as many programs, and nothing else: programs per second, and the processor time of each. */
async function spawnOnly(count) {
  const used = () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000 + endedChildrenCpu();
  const [began, before] = [performance.now(), used()];
  let left = count;
  const [program, ...args] = COMMAND;
  const one = () =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.resume();
      child.stderr.resume();
      child.once('error', reject);
      child.once('close', resolve);
    });
  const chain = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, chain));
  return {
    spawned: (count * 1_000) / (performance.now() - began),
    spawnedCpu: (used() - before) / count,
  };
}

export const measures = { commands: { whole: commands } };
