// Runs the tests of the tools with Node's test runner, because the tools are ES modules without a build. Writes their number for the sum of
// `npm test`.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultsOfTap } from './command-line/failures.mjs';

const tools = import.meta.dirname;
const names = readdirSync(tools, { recursive: true }).filter((name) => name.endsWith('.test.mjs'));
const { stdout, status } = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=tap', ...names.map((name) => join(tools, name))],
  { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
);
if (status !== 0) console.log(stdout);
const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
const report = {
  numPassedTests: count('pass'),
  numFailedTests: count('fail'),
  numPendingTests: count('skipped'),
  testResults: resultsOfTap(stdout),
};
writeFileSync(join(tools, 'test-report.json'), JSON.stringify({ ...report, numRuntimeErrorTestSuites: 0 }));
process.exit(status ?? 1);
