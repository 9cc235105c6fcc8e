// `npm test`: installs if needed, checks, builds, runs every project's tests, and ends with one line with the sums. Nx runs the tasks and
// takes results of unchanged ones from its cache.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { failuresOf } from './command-line/failures.mjs';
import { clusterFolder, isInMemory, removeCluster } from './cluster-folder.mjs';
import { ARGUMENTS, writeAddresses } from './dependencies/installed-places.mjs';

const root = join(import.meta.dirname, '..');
/** Test reports of the projects. Nx stores them with its cache. */
const reports = [
  'tools',
  ...['libs', 'apps'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)),
].map((project) => join(root, project, 'test-report.json'));
const started = Date.now();
/** The suite takes two thirds of this time. A test that hangs then fails by name instead of blocking CI. */
const SUITE_MS = (process.env.TASKRUNNER_TESTS === 'all' ? 12 * 60 : 23) * 60_000;

const env = {
  ...process.env,
  FORCE_COLOR: '0',
  // A terminal for each task would put it into a session that a signal to our group does not reach.
  NX_NATIVE_COMMAND_RUNNER: 'false',
  // Plugins in separate processes would outlive an Nx that is killed.
  NX_ISOLATE_PLUGINS: 'false',
};

/** Returns true on success. In CI each command has its own process group, because Jest's workers outlive Jest and end with their group. */
function run(command, args) {
  const detached = env.CI === 'true';
  const child = spawn(command, args, { cwd: root, env, stdio: 'inherit', detached });
  const end = () => {
    console.error(`no end after ${SUITE_MS / 60_000} minutes: ${args.join(' ')}`);
    process.kill(detached ? -child.pid : child.pid, 'SIGKILL');
  };
  const timer = setTimeout(end, started + SUITE_MS - Date.now());
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve(status === 0);
    });
  });
}

const nx = (...args) =>
  run(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'run-many', '--output-style=stream', ...args]);

const more = process.argv.slice(2);
/** For tasks after the build: Nx would copy each build from its cache again, over files that concurrent tests are reading. */
const BUILT = '--excludeTaskDependencies';

/**
 * The tasks, of which three run at once: more of them take longer in all, because two processors then change between seven processes. The long
 * ones begin: specs of the adapters and of the whole product (two files at a time), and of the core. All specs but those of the core
 * wait for processes, servers, containers and timeouts about as long as they compute. Those of the webservice, one file at a time, wait most of
 * the time, so they run beside the three. Short ones come last, so that all end at about the same time. Nx alone would begin with the tasks that
 * most others need, and end with the longest one by itself.
 */
// All projects at once share the types of their libraries, which halves the work. By project, results of unchanged ones are cached.
const LINT = env.CI === 'true' ? 'lint-all' : 'lint';
const CHECKS = ['-t', LINT, 'typecheck', 'format', 'diagrams'];
const testsOf = (project) => ['-t', 'test', '-p', project, ...more];
/** Their specs run while the other projects are built. */
const FIRST = ['infrastructure', 'core'];
/** What the others are built from. */
const BASE = [...FIRST, 'client'];
/** Its bundle contains the others. */
const LAST = 'cli';
const buildOthers = async () =>
  (await nx('-t', 'build', '--exclude', [...BASE, LAST].join(), BUILT)) && (await nx('-t', 'build', '-p', LAST, BUILT));

const LONG = ['webservice-e2e', 'cli'];
const IDLE = 'webservice';
const SHORT = ['worker'];
const REST = ['-t', 'test', '--exclude', [...FIRST, ...LONG, IDLE, ...SHORT].join(), ...more];
const runAll = async () => {
  const queue = [...LONG.map(testsOf), REST, CHECKS, ...SHORT.map(testsOf)];
  const failed = new Set();
  const execute = async (task) => {
    if (!(await nx(...task, '--parallel=1', BUILT))) failed.add(task);
  };
  const others = buildOthers();
  const lane = async (first) => {
    if (first !== undefined) await execute(testsOf(first));
    if (!(await others)) return;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await execute(next);
  };
  const beside = async () => (await others) && (await execute(testsOf(IDLE)));
  await Promise.all([...FIRST.map(lane), lane(), beside()]);
  const checks = (await others) && !failed.delete(CHECKS);
  return { isBuilt: await others, checks, tests: failed.size === 0 };
};

/** With URLs, a third of the work is saved. If a registry uses other URLs, npm requests the list of each package as usual. */
async function install() {
  const ci = ['ci', '--no-audit', '--no-fund'];
  const remove = writeAddresses(root);
  const stop = () => {
    remove();
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
  const isDone = await run('npm', [...ci, ...ARGUMENTS]);
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop);
  remove();
  if (isDone) return true;
  console.log('npm ci failed with addresses of its packages: again without');
  return run('npm', ci);
}
if (!existsSync(join(root, 'node_modules/.package-lock.json')) && !(await install())) process.exit(1);
for (const report of reports) rmSync(report, { force: true });
// One migrated database for all projects. The first project that runs tests creates it (jest-cluster.cjs).
env.TASKRUNNER_TEST_CLUSTER_FOLDER = clusterFolder();
process.once('exit', () => removeCluster(env.TASKRUNNER_TEST_CLUSTER_FOLDER));
// Folders of tests are in memory with the database: a fresh database on a disk takes ten times the processor time. At night they are on disk.
if (isInMemory(env.TASKRUNNER_TEST_CLUSTER_FOLDER) && env.TASKRUNNER_TESTS !== 'all') {
  env.TMPDIR = join(env.TASKRUNNER_TEST_CLUSTER_FOLDER, 'tmp');
  mkdirSync(env.TMPDIR);
  // As /tmp: servers run as other accounts.
  chmodSync(env.TMPDIR, 0o1777);
}
// Half of the time to load a service is looking for modules and compiling them (docs/adr/0082). At night every process does so.
if (env.TASKRUNNER_TESTS !== 'all') {
  env.NODE_COMPILE_CACHE = join(env.TASKRUNNER_TEST_CLUSTER_FOLDER, 'compiled');
  mkdirSync(env.NODE_COMPILE_CACHE, { mode: 0o700 });
  const preload = JSON.stringify(join(root, 'tools/compile-cache/preload.cjs'));
  env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --require=${preload}`.trim();
}
const none = { isBuilt: false, checks: false, tests: false };
const { isBuilt, checks, tests } = (await nx('-t', 'build', '-p', BASE.join())) ? await runAll() : none;

if (!isBuilt) console.log('failed: the build');
if (!checks && isBuilt) console.log('failed: lint, typecheck, format or diagrams');
const total = { passed: checks ? 1 : 0, failed: checks ? 0 : 1, skipped: 0 };
// Jest's tests are summed from its reports, never from its printed summaries.
for (const path of reports.filter((one) => existsSync(one))) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  total.skipped += report.numPendingTests;
  for (const line of failuresOf(report, root)) console.log(line);
}
// A task failed without a report, or did not begin.
if (!tests && total.failed === 0) total.failed += 1;
console.log(`took ${Math.round((Date.now() - started) / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 1 ? 0 : 1);
