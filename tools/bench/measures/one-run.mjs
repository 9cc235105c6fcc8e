// Duration of single runs, from the start of the submission to the commit of the end: on an idle system, with a pause between two runs, and
// one right after the other. Peers are measured in the same two ways.
import { line, rounded } from '../lines.mjs';
import { pause, untilSealed, waitForEnd, warmUp } from '../load.mjs';
import { median } from '../median.mjs';
import { peerRunner } from '../peers.mjs';
import { chainOf, startProduct } from '../product.mjs';

const STEPS = 10;
export const RUNS = 30;
/** Pause between two runs, so that the follow-up work of one (its evidence) is done before the next. */
export const REST_MS = 60;
const WAYS = { idle: REST_MS, repeated: 0 };

/** Compared with DBOS. */
const TARGETS = { pure: 1 / 3, idempotent: 2 / 3 };
/** Peers of which a single run does not wait for a poll. */
const COMPARED = ['dbos', 'restate'];

/** Durations of runs, one after the other, after a warm-up, milliseconds: of all, and from the answer to the submission. */
export async function timesOf(product, mode, restMs = REST_MS) {
  const body = { manifest: chainOf(STEPS, mode), inputs: {} };
  await warmUp(product, { inFlight: 1, body });
  await untilSealed(product.database);
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const began = performance.now();
    const { runId } = await product.submit(body);
    const answered = performance.now();
    await waitForEnd(product.database, runId);
    times.push({ all: performance.now() - began, fromAnswer: performance.now() - answered });
    await pause(restMs);
  }
  return times;
}

async function* oneRun({ rounds: count, notice }) {
  const peers = await peerRunner(notice);
  const product = await startProduct();
  try {
    const modes = Object.keys(TARGETS);
    const own = new Map();
    const others = new Map();
    const add = (map, key, one) => map.set(key, [...(map.get(key) ?? []), one]);
    for (let round = 0; round < count; round++) {
      for (const [way, restMs] of Object.entries(WAYS)) {
        for (const mode of modes) add(own, `${mode} ${way}`, await timesOf(product, mode, restMs));
        const size = { runs: RUNS, steps: STEPS, inFlight: 1, restMs, url: product.serverUrl, databaseCpu: () => 0 };
        for (const [peer, { p50 }] of await peers.rates(size, null, COMPARED)) add(others, `${peer} ${way}`, p50);
      }
    }
    for (const mode of modes) {
      for (const way of Object.keys(WAYS)) {
        const rounds = own.get(`${mode} ${way}`);
        const times = rounds.flat();
        const all = times.map((one) => one.all);
        const p90 = [...all].sort((a, b) => a - b)[Math.floor(all.length * 0.9)];
        const name = `one-run-${mode}${way === 'idle' ? '' : `-${way}`}`;
        const fromAnswer = rounded(median(times.map((one) => one.fromAnswer)));
        const value = median(all);
        const medians = rounds.map((round) => rounded(median(round.map((one) => one.all))));
        const reported = { name, value, unit: 'ms', better: 'less', p90: rounded(p90), fromAnswer, rounds: medians };
        const compared = COMPARED.filter((peer) => others.get(`${peer} ${way}`)?.length === count);
        if (compared.length === 0) yield line(reported);
        for (const peer of compared) {
          const peerRounds = others.get(`${peer} ${way}`).map(rounded);
          const peerValue = median(peerRounds);
          const target = peer === 'dbos' ? rounded(TARGETS[mode]) : null;
          yield line({
            ...reported,
            peer,
            peerValue: rounded(peerValue),
            peerRounds,
            ratio: value / peerValue,
            target,
          });
        }
        if (!compared.includes('dbos')) notice(`${name}: dbos was not measured, so the target was not checked`);
      }
    }
  } finally {
    await product.stop();
  }
}

export const measures = { 'one-run': { whole: oneRun } };
