// `npm run bench [-- NAME…] [--json]`: measures what is built (`npm run build` first). Each round is a process of its own, which warms up
// before it measures; the median of the rounds counts. One object a line with --json: {name, value, unit, ratio?, target, pass, cpuMs?, peakRssMiB, load}.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { MEASURES } from './measures.mjs';
import { median } from './median.mjs';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const asked = process.argv.slice(2);
const isJson = asked.includes('--json');
const names = asked.filter((word) => !word.startsWith('--'));
const unknown = names.filter((name) => !Object.hasOwn(MEASURES, name));
if (unknown.length > 0 || !(ROUNDS >= 1)) {
  process.stderr.write(`There is no ${unknown.join(', ')}. There are: ${Object.keys(MEASURES).join(', ')}.\n`);
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

const rounded = (value) => Number(value.toPrecision(4));
const results = [];
for (const name of names.length > 0 ? names : Object.keys(MEASURES)) {
  const rounds = Array.from({ length: ROUNDS }, () => round(name));
  const { unit, target, better } = MEASURES[name];
  const value = rounded(median(rounds.map((one) => one.value)));
  const pass = target === null ? null : better === 'less' ? value <= target : value >= target;
  const ratios = rounds.map((one) => one.ratio).filter((ratio) => ratio !== undefined);
  const more = ratios.length === 0 ? {} : { peer: MEASURES[name].peer, ratio: rounded(median(ratios)) };
  const cpu = rounds.map(({ cpuMs }) => cpuMs).filter((ms) => ms !== undefined);
  const result = {
    name,
    value,
    unit,
    ...more,
    target,
    pass,
    ...(cpu.length === 0 ? {} : { cpuMs: rounded(median(cpu)) }),
    peakRssMiB: rounded(median(rounds.map((one) => one.rssMiB))),
    load: rounded(loadavg()[0]),
  };
  results.push(result);
  if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
}
if (!isJson) {
  const model = cpus()[0]?.model ?? 'unknown';
  console.log(
    `${model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.version}`,
  );
  console.table(results);
}
process.exit(results.some(({ pass }) => pass === false) ? 1 : 0);
