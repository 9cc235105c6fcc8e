// npm run two-pods [-- --build] [--keep] [--outage SECONDS] [--npm-cache FOLDER] [--npmrc FILE]
// Tests the shipped images and manifests: both pods by `podman kube play` (rendered with `kubectl kustomize`), with a separate PostgreSQL
// and an S3 server. Runs the example pack to a verified bundle, kills the worker pod during a run, and interrupts the database. Everything
// listens on loopback. Needs podman, runc, kubectl, moto_server (Debian: podman runc catatonit netavark kubernetes-client python3-moto),
// root, and the results of `npm ci && npm run build`.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeObjectStore } from './two-pods/object-store.mjs';
import { buildImages, podman } from './two-pods/images.mjs';
import { makeKeys, namesOf, render, select, trustFile } from './two-pods/manifests.mjs';
import { AUDIENCE, ISSUER, makeIssuer } from './two-pods/people.mjs';
import { Failure, must, pause, until } from './two-pods/programs.mjs';
import { readOptions } from './command-line/options.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const CLI = join(ROOT, 'apps/cli/bin/taskrunner.js');
const API = 'http://127.0.0.1:8080';
const HEALTH = { webservice: 'http://127.0.0.1:8081', worker: 'http://127.0.0.1:8082' };
const { values: options } = readOptions(import.meta.url, {
  build: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  outage: { type: 'string', default: '60' },
  'npm-cache': { type: 'string' },
  npmrc: { type: 'string' },
});
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
const closers = [];

async function prepareDatabase(folder) {
  const { startEmbeddedPostgres } = createRequire(import.meta.url)('@taskrunner/infrastructure/embedded-postgres');
  const { bootstrapRoles, createDatabase, roleName, databaseRoles } = createRequire(import.meta.url)(
    '@taskrunner/infrastructure/postgres',
  );
  const dataDirectory = join(folder, 'database');
  const open = (port = 0) => startEmbeddedPostgres({ dataDirectory, port });
  let server = await open();
  const { port } = server;
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]));
  await bootstrapRoles(server.url(), passwords);
  await createDatabase(server.url(), 'taskrunner');
  closers.push(() => server.stop());
  return {
    port,
    passwords,
    stop: () => server.stop(),
    async start() {
      server = await open(port);
    },
  };
}

/** Starts documents. The output of podman lists the created objects. */
async function play(text, name, folder) {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return podman(['kube', 'play', '--log-driver', 'k8s-file', path]);
}

async function health(service, kind) {
  const response = await fetch(`${HEALTH[service]}/health/${kind}`).catch(() => null);
  return response?.status ?? 0;
}

/** Container of a service, its process, and its number of restarts. */
async function container(service) {
  const name = `taskrunner-${service}-pod-${service}`;
  const [facts] = JSON.parse(await podman(['container', 'inspect', name]));
  return { name, pid: facts.State.Pid, running: facts.State.Running, restarts: facts.RestartCount };
}

const as =
  (token) =>
  (args, more = {}) =>
    must(process.execPath, [CLI, ...args], {
      env: { ...process.env, TASKRUNNER_SERVER: API, TASKRUNNER_TOKEN: token },
      cwd: ROOT,
      ...more,
    });

/** The page of the console with every file that it names, as a browser asks for them first. */
async function consoleIsServed() {
  const answerTo = async (url) => {
    const answer = await fetch(url);
    if (answer.status !== 200) throw new Failure(`${url} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const page = await answerTo(`${API}/console/verify`);
  if (!page.headers.get('content-security-policy')?.includes("default-src 'self'"))
    throw new Failure('the console has no strict content security policy');
  const files = [...(await page.text()).matchAll(/(?:src|href)="([^"]+\.(?:js|css|svg))"/g)].map(([, path]) => path);
  if (!files.some((path) => path.endsWith('.js'))) throw new Failure('the page of the console names no script');
  for (const path of files) await answerTo(new URL(path, `${API}/console/`)).then((answer) => answer.arrayBuffer());
  say(`the console is served: its page and ${files.length} files`);
}

async function exampleRuns(ada, grace, folder, trust) {
  const inputs = ['-i', 'manifest=@package.json', '-i', 'lockfile=@package-lock.json'];
  const run = (await ada(['run', 'etc/packs/dependency-review', ...inputs, '--detach'])).trim();
  await ada(['wait', run, '--for', 'attention', '--timeout', '120'], { expected: [8] });
  const { items } = JSON.parse(await grace(['approvals', '--mine', '--output', 'json']));
  const gate = items.find((one) => one.runId === run);
  if (!gate) throw new Failure('the run waits at no gate that Grace may decide');
  await grace(['approve', run, gate.gateId, '--yes', '--gate-digest', gate.gateDigest, '--reason', 'reviewed']);
  await ada(['wait', run]);
  const bundle = join(folder, `${run}.tar`);
  await ada(['evidence', run, '--file', bundle]);
  const verified = JSON.parse(await ada(['verify', bundle, '--trust', trust, '--expect', `run=${run}`, '--json']));
  say(`example pack: ${run} succeeded, bundle verifies (${verified.checks.length} checks)`);
}

/** The same pack in pods and without a server: one plan, and evidence that says whose keys it has. */
async function sameWithoutServer(ada, folder, trust) {
  const pack = join(ROOT, 'tools/two-pods/same-run.pack.yaml');
  const [ofPods, own, home] = ['same-in-pods.tar', 'same-without-server.tar', 'home'].map((name) => join(folder, name));
  const run = (await ada(['run', pack, '--detach'])).trim();
  await ada(['wait', run]);
  await ada(['evidence', run, '--file', ofPods]);
  mkdirSync(home);
  const local = (args, more) =>
    must(process.execPath, [CLI, ...args], { env: { PATH: process.env.PATH, HOME: home }, cwd: folder, ...more });
  await local(['run', pack, '--evidence', own]);
  const localTrust = join(home, '.local/share/taskrunner/identity/trust.json');
  const inPods = JSON.parse(await ada(['verify', ofPods, '--trust', trust, '--json']));
  const withoutServer = JSON.parse(await local(['verify', own, '--trust', localTrust, '--allow-local', '--json']));
  const plans = await Promise.all([ofPods, own].map((file) => must('tar', ['-xOf', file, 'plan.json'])));
  if (inPods.planHash !== withoutServer.planHash || plans[0] !== plans[1])
    throw new Failure(`the plans differ: ${inPods.planHash} and ${withoutServer.planHash}`);
  const refused = await local(['verify', own, '--trust', localTrust], { expected: [9] });
  if (!refused.includes('made under a local Authority (--allow-local)'))
    throw new Failure(`a local bundle is refused for another reason: ${refused}`);
  say(`the same pack without a server: plan ${inPods.planHash.slice(0, 19)}…, refused without --allow-local`);
}

/** `replace`: starts a new pod in place of the killed one, like a cluster's controller. */
async function workerDies(ada, replace) {
  const run = (await ada(['run', join(ROOT, 'tools/two-pods/long-run.pack.yaml'), '--detach'])).trim();
  const shown = async () => JSON.parse(await ada(['show', run, '--output', 'json']));
  const { pid } = await container('worker');
  const before = await until('some turns are over', async () => {
    const succeeded = (await shown()).steps.filter(({ status }) => status === 'succeeded').length;
    return succeeded >= 4 ? succeeded : null;
  });
  await podman(['pod', 'kill', 'taskrunner-worker-pod']);
  say(`worker pod killed with ${before} steps succeeded`);
  await until('its process is gone', () => !existsSync(`/proc/${pid}`));
  const { status } = await shown();
  if (status !== 'running') throw new Failure(`the worker was killed too late: the run was ${status}`);
  // After the end of a container, podman's cleanup and restart are still active. The pod is therefore removed, which waits for them, and a
  // new one is created.
  await podman(['pod', 'rm', '--force', '--time', '0', 'taskrunner-worker-pod']);
  await replace();
  await until('the worker is back', async () => ((await health('worker', 'ready')) === 200 ? true : null));
  await ada(['wait', run, '--timeout', '180']);
  say(`its run ended: succeeded`);
}

async function databaseGoes(ada, database) {
  const run = (await ada(['run', join(ROOT, 'tools/two-pods/long-run.pack.yaml'), '--detach'])).trim();
  await pause(3_000);
  const before = { webservice: await container('webservice'), worker: await container('worker') };
  await database.stop();
  const lost = Date.now();
  for (const service of Object.keys(HEALTH))
    await until(`${service} is not ready`, async () => ((await health(service, 'ready')) === 503 ? true : null), 30);
  say(`database stopped: both unready after ${((Date.now() - lost) / 1_000).toFixed(1)} s`);
  while (Date.now() - lost < Number(options.outage) * 1_000) {
    for (const service of Object.keys(HEALTH))
      if ((await health(service, 'live')) !== 200) throw new Failure(`${service} is not alive during the outage`);
    await pause(1_000);
  }
  await database.start();
  const back = Date.now();
  for (const service of Object.keys(HEALTH))
    await until(`${service} is ready again`, async () => ((await health(service, 'ready')) === 200 ? true : null));
  say(`database back after ${options.outage} s: both ready after ${((Date.now() - back) / 1_000).toFixed(1)} s`);
  for (const service of Object.keys(HEALTH)) {
    const now = await container(service);
    if (now.pid !== before[service].pid || now.restarts !== before[service].restarts)
      throw new Failure(`${service} was started again: ${JSON.stringify({ before: before[service], now })}`);
  }
  await ada(['wait', run, '--timeout', '180']);
  say('no process was started again; the run of before the outage succeeded');
}

async function main() {
  if (!existsSync(join(ROOT, 'libs/infrastructure/dist')) || !existsSync(join(ROOT, 'apps/cli/dist')))
    throw new Failure('Nothing is built. Run `npm run build` first.');
  const folder = mkdtempSync(join(tmpdir(), 'two-pods-'));
  closers.push(() => options.keep || rmSync(folder, { recursive: true, force: true }));
  // Remains of an interrupted round.
  for (const name of ['migrate', 'webservice', 'worker'])
    await podman(['pod', 'rm', '--force', '--ignore', '--time', '0', `taskrunner-${name}-pod`]);
  await buildImages(ROOT, { again: options.build, npmCache: options['npm-cache'], npmrc: options.npmrc });
  say('images are there');
  // The account that runs the database must be able to traverse the folder.
  const databaseFolder = '/var/tmp/' + folder.split('/').pop();
  closers.push(() => options.keep || rmSync(databaseFolder, { recursive: true, force: true }));
  const database = await prepareDatabase(databaseFolder);
  const store = await makeObjectStore();
  closers.push(() => store.stop());
  const issuer = makeIssuer();
  const keys = await makeKeys(ROOT, join(folder, 'keys'));
  const configuration = {
    http: { host: '127.0.0.1', publicUrl: API },
    database: { host: '127.0.0.1', port: database.port, name: 'taskrunner' },
    keys: { folder: '/run/taskrunner/keys' },
    authority: {
      issuers: [
        {
          issuer: ISSUER,
          jwksFile: '/etc/taskrunner/jwks.json',
          audience: AUDIENCE,
          kind: 'both',
          algorithms: ['ES256'],
        },
      ],
    },
    console: { enabled: true, issuer: ISSUER },
    sandbox: { profile: 'bwrap' },
    packsRegistry: { unsigned: 'run' },
    // The speed of a busy machine is not under test.
    limits: { planTime: '1m' },
    ...store.configuration,
  };
  const { audit: _audit, ...passwords } = database.passwords;
  const manifests = render(ROOT, join(folder, 'kustomize'), {
    configuration,
    jwks: issuer.jwks,
    passwords,
    credentials: store.credentials,
    keyFolder: join(folder, 'keys'),
  });
  const trust = join(folder, 'trust.json');
  writeFileSync(trust, JSON.stringify(trustFile(keys, issuer.jwks)));
  const shared = [['ConfigMap'], ['Secret'], ['PersistentVolumeClaim']];

  closers.push(async () => {
    if (options.keep) return;
    for (const name of ['services', 'migrate'])
      await podman(['kube', 'down', '--force', join(folder, `${name}.yaml`)]).catch(() => undefined);
    // Podman keeps Secrets and ConfigMaps as volumes, which `kube down` does not remove.
    for (const name of namesOf(manifests, ROOT, ['ConfigMap', 'Secret', 'PersistentVolumeClaim']))
      await podman(['volume', 'rm', '--force', name]);
  });
  await play(select(manifests, ROOT, [...shared, ['Job', 'taskrunner-migrate']]), 'migrate', folder);
  await until('the migration is over', async () => {
    const [facts] = JSON.parse(await podman(['container', 'inspect', 'taskrunner-migrate-pod-migrate']));
    return facts.State.Status === 'exited' && facts.State.ExitCode === 0 ? true : null;
  });
  say('migration job done');
  await play(select(manifests, ROOT, [...shared, ['Deployment']]), 'services', folder);
  for (const service of Object.keys(HEALTH))
    await until(`${service} is ready`, async () => ((await health(service, 'ready')) === 200 ? true : null));
  say('both pods are ready');

  const ada = as(issuer.tokenOf('ada'));
  const grace = as(issuer.tokenOf('grace', ['role:sec-lead']));
  await consoleIsServed();
  mkdirSync(join(folder, 'work'));
  await exampleRuns(ada, grace, join(folder, 'work'), trust);
  await sameWithoutServer(ada, join(folder, 'work'), trust);
  say(`${await store.objects()} objects in the bucket`);
  await workerDies(ada, () =>
    play(select(manifests, ROOT, [...shared, ['Deployment', 'taskrunner-worker']]), 'worker', folder),
  );
  await databaseGoes(ada, database);
}

let closed = null;
/** Runs once: at the end, or at a signal. */
const closeAll = () => (closed ??= closeEach());
async function closeEach() {
  for (const close of closers.reverse()) await Promise.resolve(close()).catch((error) => console.error(error.message));
}
// An interrupted round removes everything too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void closeAll().then(() => process.exit(130)));

let code = 0;
try {
  await main();
  say('two pods: all holds');
} catch (error) {
  code = 1;
  console.error(error instanceof Failure ? error.message : error);
  // Before the pods start there are no logs to show.
  const begun = closers.length > 1 ? Object.keys(HEALTH) : [];
  for (const service of begun)
    console.error(
      await podman(['logs', '--tail', '30', `taskrunner-${service}-pod-${service}`]).catch((e) => e.message),
    );
}
await closeAll();
process.exit(code);
