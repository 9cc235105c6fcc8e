// npm run quickstart [-- --keep] [--sealed]
// On a new clone with only Node.js and npm: installs, builds, starts the whole product on loopback, runs an example, has a second person
// approve it, and verifies the evidence offline. With --sealed: a sealed pack that attempts to connect, and the attempts in its evidence.
// Imports only Node.js, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readOptions } from './command-line/options.mjs';
import { consoleSteps, isConsoleBuilt } from './quickstart/console-build.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const STATE = join(ROOT, '.taskrunner');
const WORK = join(STATE, 'quickstart');
const CLI = join(ROOT, 'apps', 'cli', 'bin', 'taskrunner.js');
const PACK = join('etc', 'packs', 'dependency-review');
const SEALED_PACK = join('etc', 'packs', 'sealed-check');
const BUILT = ['cli', 'webservice', 'worker'].map((app) => join(ROOT, 'apps', app, 'dist', 'main.js'));
const LIMIT_MS = 240_000;
const NEXT = 'next: npx taskrunner dev --port 8080, then follow docs/guides/first-pack.md';

/** An error with an explanation. */
class Failure extends Error {}

const began = Date.now();
const running = new Set();
let stack = null;
let consoleAnswer = null;

function title(text) {
  console.log(`\n── ${text} (${((Date.now() - began) / 1_000).toFixed(1)} s)`);
}

/** Runs a program to its end. `onLine` receives its output. Resolves to `{code, out}`. */
function run(command, args, { cwd = ROOT, env = process.env, onLine = () => undefined } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const out = [];
    const all = [];
    createInterface({ input: child.stdout }).on('line', (line) => (out.push(line), all.push(line), onLine(line)));
    createInterface({ input: child.stderr }).on('line', (line) => (all.push(line), onLine(line)));
    child.once('error', (error) => reject(new Failure(`${command} cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? `signal ${signal}`, out: out.join('\n'), all });
    });
  });
}

async function must(what, command, args, options = {}) {
  const { expected = [0], ...rest } = options;
  const ended = await run(command, args, rest);
  if (expected.includes(ended.code)) return ended;
  const said = rest.onLine ? '' : `\n${ended.all.slice(-20).join('\n')}`;
  throw new Failure(`${what} failed with exit code ${ended.code}${said}`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Failure(`Node.js ${process.versions.node} is too old: 20.19 or later is needed`);
}

/** npm records the installed packages at the end of an installation. A newer lock file has changed since. */
function isInstalled() {
  const note = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const stamp = join(STATE, 'installed.json');
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return true;
  return statSync(note).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
}

async function install() {
  if (isInstalled()) return console.log('  installed already');
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'];
  await must('npm ci', command, args, { onLine: (line) => console.log(`  ${line}`) });
  mkdirSync(STATE, { recursive: true, mode: 0o711 });
  writeFileSync(join(STATE, 'installed.json'), readFileSync(join(ROOT, 'package-lock.json')));
}

/** Incremental: does nothing if nothing has changed. */
async function build() {
  const tsc = join(ROOT, 'node_modules', 'typescript-native', 'bin', 'tsc');
  const configs = ['webservice', 'worker', 'cli'].map((app) => join('apps', app, 'tsconfig.build.json'));
  const force = BUILT.every((path) => existsSync(path)) ? [] : ['--force'];
  await must('the build', process.execPath, [tsc, '-b', ...force, ...configs], {
    onLine: (line) => console.log(`  ${line}`),
  });
  const missing = BUILT.find((path) => !existsSync(path));
  if (missing) throw new Failure(`the build made no ${missing}`);
  await must('the bundle of the command line', process.execPath, [join(ROOT, 'apps/cli/bundle.mjs')]);
  if (isConsoleBuilt(ROOT)) return;
  for (const { script, args, folder } of consoleSteps(ROOT))
    await must('the build of the console', process.execPath, [script, ...args], {
      cwd: folder,
      onLine: (line) => console.log(`  ${line}`),
    });
  if (!isConsoleBuilt(ROOT)) throw new Failure('the build made no console');
}

/** A module of the built CLI: it exists only after the build. */
function distOfCli(...path) {
  return createRequire(import.meta.url)(join(ROOT, 'apps', 'cli', 'dist', ...path));
}

async function start() {
  const { startDevStack } = distOfCli('dev', 'dev-stack.js');
  stack = await startDevStack({
    stateDirectory: STATE,
    ...(values.sealed && { configuration: { sealedMode: { allow: [{ host: 'mirror.example.org', ports: [443] }] } } }),
    onProgress: (text) => console.log(`  ${text}`),
    onLost: ({ name, code, signal }) => {
      if (!ending)
        void end(new Failure(`the ${name} has ended (${signal ?? `exit code ${code}`}); see ${join(STATE, 'logs')}`));
    },
  });
  consoleAnswer = await distOfCli('server', 'console-page.js').readConsole(stack.server);
  if (consoleAnswer.page === null) throw new Failure(`the console is not served: ${consoleAnswer.refusal}`);
  show(`API      ${stack.server}`);
  show(`console  ${stack.server}/console/`);
  show(`sign-in  ${stack.issuer} (development only: any password)`);
  show(`steps    ${stack.sandbox.profile === 'none' ? 'without a sandbox' : 'in a sandbox (bubblewrap)'}`);
  if (stack.sandbox.profile === 'none') console.log(`  note: steps are not kept apart here (${stack.sandbox.reason})`);
}

/** The CLI as one person, connected to the stack. */
function as(token) {
  const env = { ...process.env, TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: token };
  for (const name of ['TASKRUNNER_CONFIG', 'TASKRUNNER_TOKEN_FILE']) delete env[name];
  return (args, options = {}) => must(`taskrunner ${args[0]}`, process.execPath, [CLI, ...args], { env, ...options });
}

const show = (line) => console.log(`  ${line}`);

async function journey() {
  const ada = as(await stack.tokenFor('ada'));
  const grace = as(await stack.tokenFor('grace'));
  const inputs = ['-i', 'manifest=@package.json', '-i', 'lockfile=@package-lock.json'];

  title('Ada plans and submits a review of the dependencies of this repository');
  const plan = await ada(['plan', PACK, ...inputs, '--output', 'json']);
  const { planHash } = JSON.parse(plan.out);
  mkdirSync(WORK, { recursive: true });
  const planFile = join(WORK, 'plan.json');
  writeFileSync(planFile, plan.out);
  const { out: runId } = await ada(['run', PACK, ...inputs, '--plan-hash', planFile, '--detach']);
  show(`plan ${planHash}`);
  show(`run  ${runId}`);

  title('Its log, live');
  const log = ada(['logs', runId], { onLine: show, expected: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
  log.catch(() => undefined);
  await ada(['wait', runId, '--for', 'attention', '--timeout', String(Math.ceil(LIMIT_MS / 1_000))], { expected: [8] });
  const { items } = JSON.parse((await grace(['approvals', '--mine', '--output', 'json'])).out);
  const gate = items.find((one) => one.runId === runId);
  if (!gate) throw new Failure('the run waits at no gate that Grace may decide');

  title('Grace, a second person, reads what is to be approved, and approves it');
  const decision = ['approve', runId, gate.gateId, '--yes', '--gate-digest', gate.gateDigest];
  await grace([...decision, '--reason', 'reviewed in the quickstart'], { onLine: show });
  await ada(['wait', runId], {});
  await log;
  (await ada(['show', runId])).all.forEach(show);

  title('Artifacts');
  await ada(['artifacts', runId, '--download', join(WORK, runId)], { onLine: show });
  show(`in ${join(WORK, runId)}`);

  title('Evidence, verified offline');
  const bundle = join(WORK, `${runId}.evidence.tar`);
  await ada(['evidence', runId, '--file', bundle], { onLine: show });
  const verify = ['verify', bundle, '--trust', stack.trustPath, '--allow-dev'];
  const expect = ['--expect', `run=${runId}`, '--expect', `plan=${planHash}`];
  await must('taskrunner verify', process.execPath, [CLI, ...verify, ...expect], { onLine: show });
  return planHash;
}

/** A sealed run, and the evidence of its attempts to connect. */
async function sealedJourney() {
  const ada = as(await stack.tokenFor('ada'));
  title('Ada runs a sealed pack that tries to get out');
  const { out } = await ada(['run', SEALED_PACK, '--output', 'ndjson']);
  const last = JSON.parse(out.trim().split('\n').at(-1));
  const { runId } = last;
  await ada(['logs', runId], { onLine: show });

  title('Its attempts, in its evidence');
  const bundle = join(WORK, `${runId}.evidence.tar`);
  await ada(['evidence', runId, '--file', bundle], { onLine: show });
  const { readTar } = createRequire(import.meta.url)(join(ROOT, 'libs', 'infrastructure', 'dist', 'index.js'));
  const files = await readTar(createReadStream(bundle), { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 });
  const lines = (text) =>
    text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  let denied = 0;
  for (const socket of lines(Buffer.from(files.get('egress.ndjson')).toString()))
    for (const attempt of lines(socket.attempts ?? '').filter(({ host }) => host)) {
      if (!attempt.allowed) denied += 1;
      const why = attempt.allowed ? 'let out' : `denied: ${attempt.code ?? attempt.reason}`;
      show(`${socket.step}  ${attempt.host}:${attempt.port}  ${why}`);
    }
  if (denied === 0) throw new Failure('the evidence has no denied attempt');

  title('The evidence, verified offline');
  const verify = ['verify', bundle, '--trust', stack.trustPath, '--allow-dev', '--expect', `run=${runId}`];
  await must('taskrunner verify', process.execPath, [CLI, ...verify, '--expect', 'mode=sealed'], { onLine: show });
  return `${runId}, sealed, ${denied} denied attempts`;
}

let ending = false;

/** Stops everything and ends; `error`: why it failed, null if it did not. */
async function end(error, lastLine = null) {
  if (ending) return;
  ending = true;
  for (const child of running) child.kill('SIGTERM');
  await stack?.stop().catch((stopError) => (error ??= stopError));
  if (error) {
    const remedy = error.remediation ? `\nhelp: ${error.remediation}` : '';
    console.error(
      `\nquickstart failed: ${error instanceof Failure || error.code ? `${error.message}${remedy}` : error.stack}`,
    );
    process.exit(typeof error.exitCode === 'number' ? error.exitCode : 1);
  }
  if (lastLine) console.log(lastLine);
  process.exit(0);
}

function usage() {
  const { usageOf } = distOfCli('commands', 'dev.command.js');
  console.log('');
  for (const line of usageOf(stack, consoleAnswer)) console.log(line);
}

const { values } = readOptions(import.meta.url, {
  keep: { type: 'boolean', default: false },
  sealed: { type: 'boolean', default: false },
});
let verified = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    if (verified && values.keep) void end(null);
    else void end(Object.assign(new Failure(`stopped by ${signal}`), { exitCode: 130 }));
  });

try {
  checkNode();
  title('Install');
  await install();
  title('Build');
  await build();
  title('Start database, authority, webservice and worker on loopback');
  rmSync(WORK, { recursive: true, force: true });
  await start();
  verified = `verified: ${await (values.sealed ? sealedJourney() : journey())}`;
  if (values.keep) {
    console.log(verified);
    usage();
  } else await end(null, `${verified}\n${NEXT}`);
} catch (error) {
  await end(error);
}
