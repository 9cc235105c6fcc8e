// Durable steps per second of the whole product, from submission over HTTP to the end of the run. Peers and a ceiling on the same database
// server are measured in turns with it.
import { randomUUID } from 'node:crypto';
import { peerRunner } from '../peers.mjs';
import { line, rounded } from '../lines.mjs';
import { driveRuns, metricOf, untilSealed, walBetween, warmUp, writesOf } from '../load.mjs';
import { median } from '../median.mjs';
import { chainOf, cpuOf, startProduct } from '../product.mjs';
import { prepareProfiles, profiled } from '../profiles.mjs';
import { setting } from '../settings.mjs';

export const RUNS = setting('BENCH_RUNS', 500);
export const STEPS = 10;
export const IN_FLIGHT = setting('BENCH_IN_FLIGHT', 50);

/** Target of each mode (docs/performance.md). */
const MODES = {
  pure: { dbos: 12, restate: 3.5, ceiling: ['ahead', 0.4], commits: 0.02, wal: 700 },
  idempotent: { dbos: 5, restate: 2, ceiling: ['idempotent', 0.7], commits: 0.2, wal: 1_500 },
};
/** Targets of the rate with evidence: compared with the rate without, and with the rates of peers, which have none. */
const SEALED = { share: 0.7, dbos: 3, restate: 1.3 };

/** Drives these runs once, after a warm-up: steps per second, and what they cost. */
export async function once(product, body, runs) {
  await warmUp(product, { inFlight: IN_FLIGHT, body });
  await untilSealed(product.database);
  const [before, flushes, cpu] = [await writesOf(product.database), await flushesOf(product), cpuOf(product)];
  const began = performance.now();
  const { seconds } = await driveRuns(product, { runs, inFlight: IN_FLIGHT, body });
  const used = cpuOf(product);
  // Evidence is part of a run's writes, and is written shortly after its end.
  await untilSealed(product.database);
  const sealed = (performance.now() - began) / 1_000;
  const after = await writesOf(product.database);
  const steps = runs * STEPS;
  return {
    rate: steps / seconds,
    sealed: steps / sealed,
    commits: flushes === null ? null : ((await flushesOf(product)) - flushes) / steps,
    transactions: (after.transactions - before.transactions) / steps,
    wal: (await walBetween(product.database, before.lsn, after.lsn)) / steps,
    cpu: Object.fromEntries(Object.keys(used).map((kind) => [kind, used[kind] - cpu[kind]])),
  };
}

/** Steps per second of these runs without a warm-up: in a round, the first ones after the peers have used the machine. */
async function afterRest(product, body) {
  const { seconds } = await driveRuns(product, { runs: RUNS, inFlight: IN_FLIGHT, body });
  return (RUNS * STEPS) / seconds;
}

/** The same chain in runs that each have an input of their own, and so a plan of their own: steps per second, and processor time of all processes. */
async function withOwnInputs(product, mode, runs) {
  const manifest = chainOf(STEPS, mode, 'target');
  const body = () => ({ manifest, inputs: { target: randomUUID() } });
  await warmUp(product, { inFlight: IN_FLIGHT, body });
  await untilSealed(product.database);
  const cpu = cpuOf(product);
  const { seconds } = await driveRuns(product, { runs, inFlight: IN_FLIGHT, body });
  const used = cpuOf(product);
  await untilSealed(product.database);
  const perRun = Object.fromEntries(Object.keys(used).map((kind) => [kind, (used[kind] - cpu[kind]) / runs]));
  return { rate: (runs * STEPS) / seconds, perRun };
}

/** Flushes of the worker: the commits that its runs wait for. */
const flushesOf = (product) => metricOf(product, 'taskrunner_flush_runs_count');

async function* durableSteps(mode, { rounds: count, notice }) {
  const peers = await peerRunner(notice);
  const {
    ceiling: [ceilingMode, ceilingTarget],
    ...targets
  } = MODES[mode];
  prepareProfiles(mode);
  const product = await startProduct();
  try {
    const body = { manifest: chainOf(STEPS, mode), inputs: {} };
    const [own, rested, varied] = [[], [], []];
    const others = new Map();
    const size = {
      runs: RUNS,
      steps: STEPS,
      inFlight: IN_FLIGHT,
      url: product.serverUrl,
      databaseCpu: () => cpuOf(product).database,
    };
    for (let i = 0; i < count; i++) {
      if (i > 0) rested.push(await afterRest(product, body));
      own.push(await once(product, body, RUNS));
      await untilSealed(product.database);
      varied.push(await withOwnInputs(product, mode, RUNS));
      for (const [peer, one] of await peers.rates(size, ceilingMode))
        others.set(peer, [...(others.get(peer) ?? []), one]);
    }
    for (const [peer, measured] of others) {
      if (measured.length === count) continue;
      notice(`${peer} left out: ${measured.length} of ${count} rounds`);
      others.delete(peer);
    }
    const roundsOf = (measured) => measured.map(({ rate }) => rounded(rate));
    await profiled(product, () => driveRuns(product, { runs: RUNS, inFlight: IN_FLIGHT, body }));
    const of = (key) => median(own.map((round) => round[key]));
    const name = `durable-steps-${mode}`;
    const perRun = Object.fromEntries(
      Object.keys(own[0].cpu).map((kind) => [kind, rounded(median(own.map(({ cpu }) => cpu[kind])) / RUNS)]),
    );
    const runsOfRounds = own.map(({ rate }) => rounded(rate));
    yield line({ name, value: of('rate'), unit: 'steps/s', rounds: runsOfRounds, cpuMsPerRun: perRun });
    const cpu = Object.values(perRun).reduce((sum, ms) => sum + ms, 0);
    for (const [peer, measured] of others) {
      const [rate, theirs] = ['rate', 'cpuMsPerRun'].map((key) => median(measured.map((one) => one[key])));
      const target = peer === 'ceiling' ? ceilingTarget : (targets[peer] ?? null);
      yield line({
        ...{
          name,
          value: of('rate'),
          unit: 'steps/s',
          peer,
          peerValue: rounded(rate),
          peerRounds: roundsOf(measured),
          ratio: of('rate') / rate,
          target,
        },
        // The measure that other work on the machine affects least: processor time per run, the peers' in proportion to ours.
        ...{ peerCpuMsPerRun: rounded(theirs), cpuRatio: rounded(theirs / cpu) },
      });
    }
    yield line({
      name: `${name}-inputs`,
      value: median(varied.map(({ rate }) => rate)),
      unit: 'steps/s',
      peer: 'equal inputs',
      peerValue: rounded(of('rate')),
      ratio: median(varied.map(({ rate }) => rate)) / of('rate'),
      rounds: roundsOf(varied),
      cpuMsPerRun: Object.fromEntries(
        Object.keys(varied[0].perRun).map((kind) => [kind, rounded(median(varied.map(({ perRun }) => perRun[kind])))]),
      ),
    });
    if (rested.length > 0) yield line({ name: `${name}-rested`, value: median(rested), unit: 'steps/s' });
    // The sustainable rate: the evidence of a run is part of the work.
    const sealed = { name: `${name}-sealed`, value: of('sealed'), unit: 'steps/s' };
    const rounds = own.map((round) => rounded(round.sealed));
    yield line({
      ...sealed,
      peer: 'without evidence',
      peerValue: rounded(of('rate')),
      ratio: of('sealed') / of('rate'),
      target: SEALED.share,
      rounds,
    });
    for (const [peer, measured] of others) {
      if (peer === 'ceiling') continue;
      const rate = median(measured.map((one) => one.rate));
      yield line({
        ...sealed,
        peer,
        peerValue: rounded(rate),
        peerRounds: roundsOf(measured),
        ratio: of('sealed') / rate,
        target: SEALED[peer] ?? null,
      });
    }
    const less = { better: 'less' };
    if (own.some(({ commits }) => commits === null)) notice('no process shows its flushes: not measured');
    else
      yield line({
        name: `${name}-commits`,
        value: of('commits'),
        unit: 'flushes/step',
        target: targets.commits,
        ...less,
      });
    yield line({ name: `${name}-wal`, value: of('wal'), unit: 'bytes/step', target: targets.wal, ...less });
    yield line({ name: `${name}-transactions`, value: of('transactions'), unit: 'transactions/step' });
  } finally {
    await product.stop();
  }
}

/** BENCH_MODES: modes to measure, such as `pure`. */
export const measuredModes = () => setting('BENCH_MODES', Object.keys(MODES));

async function* both(setting) {
  for (const mode of measuredModes()) yield* durableSteps(mode, setting);
}

export const measures = { 'durable-steps': { whole: both } };
