// `npm test`: installs if needed, checks, builds, runs every project's tests, and closes with one line summed over all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTestCluster } from './test-cluster.mjs';

const root = join(import.meta.dirname, '..');
const run = (command, args, options = {}) => spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
const started = Date.now();
const total = { passed: 0, failed: 0, skipped: 0 };

/** The tools have tests of their own, for Node's runner: they are ES modules without a build. */
function testTools() {
  const tools = join(root, 'tools');
  const files = readdirSync(tools, { recursive: true }).filter((name) => name.endsWith('.test.mjs'));
  const paths = files.map((name) => join(tools, name));
  const { stdout, status } = run(process.execPath, ['--test', '--test-reporter=tap', ...paths], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  if (status !== 0) console.log(stdout);
  total.passed += count('pass');
  total.failed += count('fail') + (status !== 0 && count('fail') === 0 ? 1 : 0);
  total.skipped += count('skipped');
}

/**
 * Rounds of Jest. Pure specs first, by themselves: each keeps one processor busy and no more, so that nothing disturbs the seeds of
 * the engine, whose time is measured. Then the others, two at a time as well: with three, tests that ask which of several workers took
 * part did not hold.
 */
const rounds = [
  ['core', 'worker'],
  ['infrastructure', 'webservice', 'cli', 'webservice-e2e'],
];

/** A round takes 4 to 11 minutes. One that hangs is a failure with an end, not a CI that never says which test it was. */
const ROUND_MS = 15 * 60_000;

/** Jest's tests, summed from its reports, never from its printed summaries. */
async function testProjects() {
  const cluster = await makeTestCluster();
  for (const projects of rounds) testRound(projects, { ...process.env, TASKRUNNER_TEST_CLUSTER: cluster.folder });
  cluster.remove();
}

function testRound(projects, env) {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-test-'));
  const report = join(folder, 'report.json');
  const jest = [
    'node_modules/jest/bin/jest.js',
    ...['--selectProjects', ...projects],
    '--maxWorkers=2',
    '--passWithNoTests',
    '--json',
    `--outputFile=${report}`,
    ...process.argv.slice(2),
  ];
  // A group of its own where nobody presses Ctrl-C: Jest's workers outlive it, and end with their group.
  const detached = process.env.CI === 'true';
  const stdio = ['ignore', 'ignore', 'inherit'];
  const { pid, status, error } = run(process.execPath, jest, { env, stdio, detached, timeout: ROUND_MS });
  if (error) {
    if (detached && pid) endGroup(pid);
    const what = error.code === 'ETIMEDOUT' ? `no end after ${ROUND_MS / 60_000} minutes` : error.message;
    console.error(`tests of ${projects.join(', ')}: ${what}`);
    total.failed += 1;
  }
  if (existsSync(report)) {
    const summary = JSON.parse(readFileSync(report, 'utf8'));
    total.passed += summary.numPassedTests;
    total.failed += summary.numFailedTests + summary.numRuntimeErrorTestSuites;
    total.skipped += summary.numPendingTests;
  }
  if (status !== 0 && total.failed === 0) total.failed += 1;
  rmSync(folder, { recursive: true, force: true });
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

if (!existsSync(join(root, 'node_modules/.package-lock.json')) && run('npm', ['ci']).status !== 0) {
  console.error('npm ci failed');
  process.exit(1);
}
if (run(process.execPath, ['tools/check.mjs']).status === 0) total.passed += 1;
else total.failed += 1;
testTools();
await testProjects();
console.log(`took ${Math.round((Date.now() - started) / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 1 ? 0 : 1);
