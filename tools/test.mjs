// `npm test`: installs if needed, checks, builds, runs every project's tests, and closes with one line summed over all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const run = (command, args, options = {}) => spawnSync(command, args, { stdio: 'inherit', ...options }).status ?? 1;
if (!existsSync('node_modules/.package-lock.json') && run('npm', ['ci']) !== 0) process.exit(1);
const checks = run(process.execPath, ['tools/check.mjs']);
const folder = mkdtempSync(join(tmpdir(), 'taskrunner-test-'));
const report = join(folder, 'report.json');
const status = run(process.execPath, [
  'node_modules/jest/bin/jest.js',
  '--maxWorkers=2',
  '--json',
  `--outputFile=${report}`,
  ...process.argv.slice(2),
]);
let summary = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numRuntimeErrorTestSuites: 0 };
if (existsSync(report)) summary = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true, force: true });
const failed = summary.numFailedTests + summary.numRuntimeErrorTestSuites + (checks === 0 ? 0 : 1);
console.log(`${summary.numPassedTests} passed, ${failed} failed, ${summary.numPendingTests} skipped`);
process.exit(status === 0 && checks === 0 && summary.numPassedTests > 0 ? 0 : 1);
