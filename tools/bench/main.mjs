// `npm run bench [-- NAME…] [--json]`: measures the build (`npm run build` first). BENCH_ROUNDS: number of rounds, whose median is
// reported. BENCH_PEERS: which peers, such as `dbos,restate`; empty: none. TASKRUNNER_CEILING: path of a probe that measures the database
// alone; without it its column is left out. docs/performance.md describes the other variables.
// With --note, after `durable-steps one-run` with peers, it writes the table of README.
// With --json it prints one object per line: {name, value, unit, peer?, ratio?, target, pass, …}. Exit 1 if a target is missed, 2 if
// something that was asked for does not exist. Ctrl-C stops what was started and deletes its folders.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { line, rounded } from './lines.mjs';
import { loadMeasures } from './measures.mjs';
import { conflictIn, mistakesIn, setting, whyNoTable } from './settings.mjs';
import { median } from './median.mjs';
import { randomAccessNs } from './memory-speed.mjs';
import { noteTable, ratioTable } from './ratio-table.mjs';
import { cleanUpOnSignals } from './started.mjs';
import { readOptions } from '../command-line/options.mjs';

const { values: asked, positionals: names } = readOptions(
  import.meta.url,
  { json: { type: 'boolean', default: false }, note: { type: 'boolean', default: false } },
  { allowPositionals: true },
);
const isJson = asked.json;
const ROOT = join(import.meta.dirname, '..', '..');
refuse(mistakesIn(process.env));
const conflict = conflictIn(process.env);
if (!existsSync(join(ROOT, 'libs/core/dist'))) refuse(['Nothing is built: run `npm run build` first.']);
const ROUNDS = setting('BENCH_ROUNDS', null);
const MEASURES = await loadMeasures();
const unknown = names.filter((name) => !Object.hasOwn(MEASURES, name));
const missing = `There is no ${unknown.join(', ')}. There are: ${Object.keys(MEASURES).join(', ')}.`;
const table = asked.note ? whyNoTable(names, process.env) : null;
refuse([...(unknown.length > 0 ? [missing] : []), ...[table, conflict].filter((one) => one !== null)]);
cleanUpOnSignals();

/** Exits if there is a mistake. */
function refuse(mistakes) {
  if (mistakes.length === 0) return;
  process.stderr.write(`${mistakes.join('\n')}\n`);
  process.exit(2);
}

function round(name) {
  const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, 'round.mjs'), name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(1);
  return JSON.parse(stdout);
}

/** The median of several rounds, each in a separate process. */
function inRounds(name, { unit, target, better, peer }) {
  const rounds = Array.from({ length: ROUNDS ?? 5 }, () => round(name));
  const ratios = rounds.map(({ ratio }) => ratio).filter((ratio) => ratio !== undefined);
  const cpu = rounds.map(({ cpuMs }) => cpuMs).filter((ms) => ms !== undefined);
  const reported = line({
    ...{ name, value: median(rounds.map(({ value }) => value)), unit, target, better },
    ...(cpu.length === 0 ? {} : { cpuMs: rounded(median(cpu)) }),
    peakRssMiB: rounded(median(rounds.map(({ rssMiB }) => rssMiB))),
  });
  // The ratio of such a measure is reported beside its value; the target applies to the value.
  return ratios.length === 0 ? reported : { ...reported, peer, ratio: rounded(median(ratios)) };
}

const memory = [rounded(randomAccessNs())];
const results = [];
const report = (result) => {
  results.push(result);
  if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
};
/** An hour of load is measured only if it is named. */
const usual = Object.keys(MEASURES).filter((name) => MEASURES[name].onlyByName !== true);
for (const name of names.length > 0 ? names : usual) {
  const measure = MEASURES[name];
  if (measure.round !== undefined) report(inRounds(name, measure));
  else
    for await (const reported of measure.whole({
      rounds: ROUNDS ?? 3,
      notice: (text) => process.stderr.write(`${name}: ${text}\n`),
    }))
      report(reported);
}
const model = cpus()[0]?.model ?? 'unknown';
memory.push(rounded(randomAccessNs()));
const machine = `${model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.version}`;
const access = `a random access to memory took ${memory[0]} ns before and ${memory[1]} ns after`;
const conditions = `${machine}, ${new Date().toISOString().slice(0, 10)}, medians of ${ROUNDS ?? 3} rounds in turns, ${access}`;
if (isJson) process.stderr.write(`${conditions}\n`);
else {
  console.log(conditions);
  for (const { name, value, unit, peer, peerValue, ratio, better, target, pass } of results) {
    const verdict = pass === null ? '' : pass ? ' ok' : ' MISSED';
    const against =
      ratio === undefined ? '' : `, ${ratio} × ${peer}${peerValue === undefined ? '' : ` (${peerValue} ${unit})`}`;
    const less = better === 'less' ? ', less is better' : '';
    console.log(`${name}: ${value} ${unit}${against}${less}${target === null ? '' : ` (target ${target}${verdict})`}`);
  }
}
if (asked.note) noteTable(join(ROOT, 'README.md'), ratioTable(results, `${conditions}.`));
process.exit(results.some(({ pass }) => pass === false) ? 1 : 0);
