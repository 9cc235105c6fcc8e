import { mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type Json, type RunId } from '@taskrunner/core/foundation';
import { readTar } from '@taskrunner/infrastructure/archive';
import { Client } from 'pg';
import { databaseLeaks, fileLeaks, leak } from './secrets/leaks';
import { BODY_PIN, FILE_SECRET, GATED, LOUD, PIN, VARIABLE_SECRET, WITH_PIN } from './secrets/packs';
import { Caller, pause, startStack, type DevStack } from './stack/stack';

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };
describe('secrets and sensitive inputs', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  let sql: Client;
  const said: string[] = [];
  const secretFile = (name: string): string => join(folder, 'secrets', name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-secrets-'));
    mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
    writeFileSync(secretFile('deploy'), `${FILE_SECRET}\n`, { mode: 0o600 });
    for (const name of ['turning', 'steady']) writeFileSync(secretFile(name), `first-${name}-value-1`, { mode: 0o600 });
    const bound = { tenants: ['*'], packs: ['e2e'], signedBy: ['unsigned'] };
    stack = await startStack(join(folder, 'state'), {
      onLine: (_, line) => void said.push(line),
      env: { E2E_SECRET_TOKEN: VARIABLE_SECRET },
      configuration: {
        secrets: {
          providers: [
            { id: 'files', kind: 'file', folder: join(folder, 'secrets') },
            { id: 'variables', kind: 'environment', prefix: 'E2E_SECRET_' },
          ],
          bindings: [
            { name: 'deploy', provider: 'files', ref: 'deploy', ...bound },
            { name: 'token', provider: 'variables', ref: 'TOKEN', ...bound },
            { name: 'steady', provider: 'files', ref: 'steady', ...bound },
            { name: 'turning', provider: 'files', ref: 'turning', rotation: 'allow', ...bound },
            { name: 'gone', provider: 'files', ref: 'gone', ...bound },
            { name: 'gated', provider: 'files', ref: 'steady', requireGate: true, ...bound },
            { name: 'signed', provider: 'files', ref: 'steady', tenants: ['*'], packs: ['e2e'] },
            { name: 'foreign', provider: 'files', ref: 'steady', ...bound, tenants: ['other'] },
            { name: 'elsewhere', provider: 'files', ref: 'steady', ...bound, packs: ['another'] },
          ],
        },
      },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
    sql = new Client({
      connectionString: Object.assign(new URL(stack.database.adminUrl), {
        pathname: new URL(stack.database.ownerUrl).pathname,
      }).href,
    });
    await sql.connect();
    await sql.query("set session_replication_role = 'replica'");
  }, 180_000);

  afterAll(async () => {
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** The result of `taskrunner verify` for a bundle. */
  async function verified(bundle: Uint8Array): Promise<unknown> {
    const tar = join(folder, 'evidence.tar');
    writeFileSync(tar, bundle);
    const args = ['verify', tar, '--trust', stack.trustPath, '--json', '--allow-dev'];
    return JSON.parse((await stack.taskrunner(args)).stdout);
  }

  async function statusOf(run: string): Promise<Json> {
    return ((await ada.summary(run))['evidence'] as { status: Json }).status;
  }

  async function codesOf(manifest: string, inputs: Json = {}): Promise<readonly string[]> {
    const { body } = await ada.ask('POST', '/api/plans?check=true', { manifest, inputs });
    return (body['errors'] as { code: string }[]).map(({ code }) => code);
  }

  it('a step sees them, and no surface does, in any spelling', async () => {
    const headers = { 'idempotency-key': `once-${Date.now()}` };
    const body = { manifest: LOUD, inputs: { pin: PIN } };
    const { status, body: accepted } = await ada.ask('POST', '/api/runs', body, headers);
    expect(status).toBe(201);
    expect((await ada.ask('POST', '/api/runs', body, headers)).headers.get('idempotency-replayed')).toBe('true');
    const run = accepted['runId'] as string;
    const { rows: kept } = await sql.query('select sealed from pack_runs.sensitive_inputs where run_id = $1', [
      runUuid(run as RunId),
    ]);
    expect(kept.length).toBeLessThanOrEqual(1);
    const summary = await ada.until(run, ['succeeded', 'failed'], 90);
    expect(summary).toMatchObject({ status: 'succeeded' });
    const { lines } = await ada.lines(run);
    const log = lines.map(({ data }) => data['message'] as string).join('\n');
    // The step ran: permitted content exists, and every encoding left its mark.
    expect(log).toContain('digests ');
    expect(log.match(/\[redacted\]/g)?.length).toBeGreaterThan(30);
    const steps = (await ada.ask('GET', `/api/runs/${run}/steps`)).body['items'] as {
      id: string;
      reason: string | null;
    }[];
    expect(steps.find(({ id }) => id === 'whisper')?.reason).toBe('SECRET_IN_OUTPUT');
    const artifacts = (await ada.ask('GET', `/api/runs/${run}/artifacts`)).body['items'] as {
      name: string;
      path: string;
      execution: number;
    }[];
    // Files with a secret are not stored, not even as a digest: a weak secret could be guessed from it.
    expect(artifacts.map(({ name, path }) => `${name} ${path}`).sort()).toEqual([
      'clean out/clean.txt',
      'logs out/[redacted].log',
    ]);
    expect(log).toContain('The artifact "report" contains a secret of the run. It is not stored.');

    const bundle = await ada.sealed(run);
    const files = await readTar((async function* () { yield bundle; })(), LIMITS); // prettier-ignore
    // If a busy worker missed the renewal of its lease, the step was repeated.
    const execution = artifacts.find(({ name }) => name === 'clean')?.execution;
    expect(JSON.parse(Buffer.from(files.get('artifacts.json') ?? []).toString())).toMatchObject({
      withheld: [{ step: 'plant', execution, name: 'report', path: 'out/report.txt' }],
    });
    const oracle = sha256(`report ${VARIABLE_SECRET}`).slice('sha256:'.length);
    for (const [path, bytes] of files) expect([path, Buffer.from(bytes).includes(oracle)]).toEqual([path, false]);
    const checks = (await verified(bundle)) as { ok: boolean; checks: { name: string; detail: string }[] };
    expect(checks.ok).toBe(true);
    expect(checks.checks.find(({ name }) => name === 'exceptions')?.detail).toBe(
      `withheld artifacts/plant#${execution}/report`,
    );

    const surfaces = [
      ...(await databaseLeaks(sql)),
      leak('log stream', log),
      leak('summary', JSON.stringify(summary)),
      leak('steps', JSON.stringify(steps)),
      leak('bundle', bundle),
      ...[...files].map(([path, bytes]) => leak(`bundle ${path}`, bytes)),
      ...said.map((line) => leak('what the processes said', line)),
      ...fileLeaks(join(folder, 'state'), /\/(database|keys)\//),
    ].filter((one) => one !== null);
    expect(surfaces).toEqual([]);
    // Proves that the search detects the secret.
    expect(leak('x', VARIABLE_SECRET)).toBe('x');
    const pids = await stack.workerPids();
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`taskrunner-secrets-${process.getuid?.()}`)).flatMap((name) => pids.flatMap((pid) => readdirSync(join('/dev/shm', name, String(pid)))))).toEqual([]); // prettier-ignore
    const { rows: left } = await sql.query('select from pack_runs.sensitive_inputs where run_id = $1', [
      runUuid(run as RunId),
    ]);
    expect(left).toEqual([]);
  }, 180_000);

  it('are denied by default: the same answer whether there is one', async () => {
    const using = (name: string): string => GATED.replaceAll('NAME', name);
    expect(await codesOf(using('steady'))).toEqual([]);
    for (const name of ['no-such-secret', 'foreign', 'elsewhere', 'signed']) {
      const { body } = await ada.ask('POST', '/api/runs', { manifest: using(name) });
      expect(body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'SECRET_NOT_GRANTED' }] });
      expect(JSON.stringify(body).replaceAll(name, 'x')).toContain('The secret x is not bound in this environment.');
    }
    expect(await codesOf(using('gated'))).toEqual([]);
    expect(await codesOf(using('gated').replace(/.*gate: .*\n/, ''))).toEqual(['SECRET_NOT_GRANTED']);
    expect(await codesOf(using('steady').replace('interpreter: [sh]', 'interpreter: [sh], args: ["{{ secrets.steady }}"]'))).toEqual(['SENSITIVE_FLOW']); // prettier-ignore
    const simulated = await ada.ask('POST', '/api/simulations', { manifest: using('steady') });
    expect(simulated.body['secrets']).toMatchObject([{ name: 'steady', provider: 'files', steps: ['apply'] }]);
  }, 60_000);

  it('one that is bound and not there fails the run before anything starts, and it is attested', async () => {
    const run = await ada.submit(GATED.replaceAll('NAME', 'gone'));
    expect(await ada.until(run, ['failed'])).toMatchObject({ error: { code: 'SECRET_UNAVAILABLE' } });
    await ada.sealed(run);
  }, 60_000);

  it('are what was approved: a changed one fails the step, unless its binding lets it turn', async () => {
    const change = async (name: string): Promise<Record<string, Json>> => {
      const run = await ada.submit(GATED.replaceAll('NAME', name));
      await ada.until(run, ['waiting']);
      const shown = (await ada.ask('GET', `/api/runs/${run}/gates/approve`)).body['request'] as { secrets: Json };
      expect(shown.secrets).toEqual([{ name, version: expect.stringMatching(/^hmac:[0-9a-f]{32}$/) as unknown }]);
      writeFileSync(secretFile(name), `second-${name}-value-2`, { mode: 0o600 });
      const { planHash } = (await ada.summary(run)) as { planHash: string };
      const blind = { gateId: 'approve', decision: 'approved', planHash };
      expect((await grace.ask('POST', `/api/runs/${run}/approve`, blind)).status).not.toBe(200);
      expect((await grace.approve(run, 'approve')).status).toBe(200);
      const ended = await ada.until(run, ['succeeded', 'failed']);
      expect(await verified(await ada.sealed(run))).toMatchObject({ ok: true });
      return ended;
    };
    expect(await change('steady')).toMatchObject({
      status: 'failed',
      error: { code: 'SECRET_CHANGED', stepId: 'apply' },
    });
    expect(await change('turning')).toMatchObject({ status: 'succeeded' });
  }, 120_000);

  /** A line of a worker arrives after what it is about can be read in the database. */
  async function untilSaid(...words: readonly string[]): Promise<void> {
    const isSaid = (): boolean => said.some((line) => words.every((word) => line.includes(word)));
    for (let i = 0; i < 100 && !isSaid(); i++) await pause(100);
    expect(isSaid()).toBe(true);
  }

  it('the final scan withholds what became a secret later, and says so', async () => {
    const future = `future-${randomBytes(8).toString('hex')}`;
    writeFileSync(secretFile('turning'), 'value-before-1', { mode: 0o600 });
    const early = GATED.replaceAll('NAME', 'turning').replace(
      '- { id: approve',
      `- { id: early, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo ${future.slice(0, 9)}''${future.slice(9)}; echo ${future.slice(0, 9)}''${future.slice(9)} > out/x" }, artifacts: [ { name: x, path: out/x } ] } }\n    - { id: approve`,
    );
    const run = await ada.submit(early);
    await ada.until(run, ['waiting']);
    writeFileSync(secretFile('turning'), future, { mode: 0o600 });
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    expect(await ada.until(run, ['succeeded', 'failed'])).toMatchObject({ status: 'succeeded' });
    const bundle = await ada.sealed(run);
    expect(await verified(bundle)).toMatchObject({ ok: true });
    const files = await readTar((async function* () { yield bundle; })(), LIMITS); // prettier-ignore
    const notices = [...files].flatMap(([path, bytes]) => (Buffer.from(bytes).toString().startsWith('{"path":') && /"withheld":"secret"/.test(Buffer.from(bytes).toString()) ? [path.split('/')[0]] : [])); // prettier-ignore
    expect(notices.sort()).toEqual(['artifacts', 'logs']);
    expect(Buffer.from(bundle).includes(future)).toBe(false);
    await untilSaid('SECRET_WITHHELD', run);
  }, 90_000);

  it('a secret that stands in the pack itself ends the run before a step starts, and blocks the seal', async () => {
    const value = 'second-steady-value-2';
    writeFileSync(secretFile('steady'), value, { mode: 0o600 });
    const careless = GATED.replaceAll('NAME', 'steady')
      .replace(/.*gate: .*\n/, '')
      .replace('secrets: [ { name: steady, env', `env: { COPY: "${value}" }, secrets: [ { name: steady, env`);
    const run = await ada.submit(careless);
    const ended = await ada.until(run, ['succeeded', 'failed']);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'SECRET_IN_PACK' } });
    expect((await ada.lines(run)).lines.filter(({ data }) => 'message' in data)).toEqual([]);
    await untilSaid('SECRET_IN_PACK', 'was found in the plan');
    for (let i = 0; i < 400 && (await statusOf(run)) !== 'blocked'; i++) await pause(100);
    expect(await statusOf(run)).toBe('blocked');
    await untilSaid('SECRET_IN_EVIDENCE', 'plan.json');
    expect((await ada.ask('GET', `/api/runs/${run}/evidence`)).status).toBe(409);
    const { reason } = (await ada.summary(run))['evidence'] as { reason: string };
    expect(reason).toMatch(/^SECRET_IN_EVIDENCE: /);
    const paths = reason.slice('SECRET_IN_EVIDENCE: '.length).split(', ');
    expect(paths).toEqual(['plan.json', 'pack/manifest.json']);

    // The seal waits for an operator: there is no attempt after the first.
    const tries = () => said.filter((line) => line.includes('run.attested') && line.includes(run)).length;
    await pause(3_000);
    expect(tries()).toBe(1);
    const release = (by: Caller, body: Json) => by.ask('POST', `/api/runs/${run}/evidence/release`, body);
    expect((await release(ada, { reason: 'no' })).body['code']).toBe('SCOPE_MISSING');
    const ops = await stack.tokenFor('ops');
    const root = new Caller(stack.server, ops);
    const taskrunner = (...args: readonly string[]) =>
      stack.taskrunner(args, { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: ops });
    expect((await release(root, { paths: ['MANIFEST.json'], reason: 'x' })).body['code']).toBe('RELEASE_PATH_INVALID');
    expect((await release(root, { reason: 'try' })).status).toBe(200);
    for (let i = 0; i < 400 && tries() < 2; i++) await pause(100);
    expect(await statusOf(run)).toBe('blocked');
    const because = ['--reason', 'The pack is withdrawn.'];
    const released = await taskrunner('release', run, ...because, '--withhold', ...paths, '--output', 'json');
    expect([released.status, released.stderr]).toEqual([0, '']);
    expect(JSON.parse(released.stdout)).toMatchObject({
      paths: [...paths].sort(),
      receipt: { payloadType: 'application/vnd.taskrunner.release+json' },
    });
    const bundle = await ada.sealed(run);
    expect(Buffer.from(bundle).includes(value)).toBe(false);
    expect(await verified(bundle)).toMatchObject({ ok: false });
    expect(JSON.stringify(await verified(bundle))).toContain('EVIDENCE_WITHHELD: plan.json is withheld');
    expect((await ada.summary(run))['evidence']).toMatchObject({ status: 'sealed', reason: null });
    expect((await release(root, { reason: 'again' })).body['code']).toBe('EVIDENCE_NOT_BLOCKED');

    // If the secret is changed instead, no file is withheld.
    const again = await ada.submit(careless);
    await ada.until(again, ['failed']);
    for (let i = 0; i < 400 && (await statusOf(again)) !== 'blocked'; i++) await pause(100);
    writeFileSync(secretFile('steady'), 'third-steady-value-3', { mode: 0o600 });
    const retry = await taskrunner('release', again, '--reason', 'The secret was changed.');
    expect([retry.status, retry.stderr]).toEqual([0, '']);
    expect(await verified(await ada.sealed(again))).toMatchObject({ ok: true });
  }, 90_000);

  it('a decision with a secret in it fails the run; its evidence is sealed without the decision, says so and verifies', async () => {
    const value = 'typed-steady-value-4';
    writeFileSync(secretFile('steady'), value, { mode: 0o600 });
    const run = await ada.submit(GATED.replaceAll('NAME', 'steady'));
    await ada.until(run, ['waiting']);
    expect((await grace.approve(run, 'approve', { reason: `go, with ${value}` })).status).toBe(200);
    const ended = await ada.until(run, ['succeeded', 'failed']);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'SECRET_IN_RESPONSE' } });
    const bundle = await ada.sealed(run);
    expect(Buffer.from(bundle).includes(value)).toBe(false);
    const { ok, checks } = (await verified(bundle)) as { ok: boolean; checks: { name: string; detail: string }[] };
    expect(ok).toBe(true);
    expect(checks.find(({ name }) => name === 'exceptions')?.detail).toMatch(/^withheld decisions\/approve#\d+$/);
  }, 60_000);

  it('sensitive inputs reach the step; a swapped one does not open and halts the run', async () => {
    const run = await ada.submit(WITH_PIN, { pin: BODY_PIN });
    expect(await ada.until(run, ['succeeded', 'failed'])).toMatchObject({ status: 'succeeded' });
    await ada.sealed(run);
    expect(await codesOf(WITH_PIN, { pin: '4711' })).toEqual(['INPUT_SENSITIVE_WEAK']);
    const revealing = await ada.ask('POST', '/api/runs', {
      manifest: WITH_PIN.replace('&& echo right', `&& echo ${BODY_PIN}`),
      inputs: { pin: BODY_PIN },
    });
    expect(revealing.status).toBe(422);
    expect(revealing.body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'SENSITIVE_INPUT_IN_PACK', path: '/inputs/pin' }, {}, {}] }); // prettier-ignore
    expect(JSON.stringify(revealing.body)).not.toContain(BODY_PIN);
    const labelled = { manifest: WITH_PIN, inputs: { pin: BODY_PIN }, labels: { team: BODY_PIN } };
    expect((await ada.ask('POST', '/api/runs', labelled)).body).toMatchObject({ errors: [{ code: 'SENSITIVE_INPUT_IN_PACK' }] }); // prettier-ignore
    const nightly = { name: 'nightly', cron: '@daily', manifest: WITH_PIN, inputs: { pin: BODY_PIN } };
    const refused = await ada.ask('POST', '/api/schedules', nightly);
    expect(refused.body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'INPUT_SENSITIVE_UNAVAILABLE' }] });
    await stack.killWorker('SIGTERM');
    const one = await ada.submit(WITH_PIN, { pin: BODY_PIN });
    const other = await ada.submit(WITH_PIN, { pin: `${BODY_PIN}-other` });
    await sql.query(
      `update pack_runs.sensitive_inputs a set sealed = b.sealed from pack_runs.sensitive_inputs b where a.run_id = $1 and b.run_id = $2`,
      [runUuid(one as RunId), runUuid(other as RunId)],
    );
    await stack.startWorker();
    expect(JSON.stringify(await ada.until(one, ['halted']))).toContain('SENSITIVE_INPUT_UNREADABLE');
    await ada.until(other, ['succeeded']);
    await ada.sealed(other);
    await pause(100);
    const { rows } = await sql.query<{ run_id: string }>('select run_id from pack_runs.sensitive_inputs');
    expect(rows.map(({ run_id }) => run_id)).toEqual([runUuid(one as RunId)]);
    expect(await databaseLeaks(sql)).toEqual([]);
  }, 120_000);
});
