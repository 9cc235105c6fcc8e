import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runUuid, type Json, type RunId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { Caller, pack, pause, ROOT, startStack, type Answer, type DevStack } from './stack/stack';
import { NODE_ENVIRONMENT } from './stack/node-environment';

// Configured values take effect: one stack with few defaults, observed through callers, the database and the disk.

const HOUR = 3_600_000;

describe('a configured installation', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  let sql: Client;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-configured-'));
    stack = await startStack(join(folder, 'state'), {
      configuration: {
        http: {
          host: '127.0.0.1',
          port: 0,
          healthPort: 0,
          publicUrl: 'http://127.0.0.1:9/behind-a-proxy',
          bodyLimit: '64KiB',
          keepAlive: '7s',
          headersTimeout: '5s',
          bodyTimeout: '6s',
          limits: { plan: 2 },
          streams: { person: 3 },
        },
        database: { poolSize: 3, statementTimeout: '6s' },
        artifacts: { root: join(folder, 'elsewhere'), maxBytes: '2MiB', bundle: { maxBytes: '1MiB' } },
        approvals: {
          grants: ['role:sec-lead'],
          expiresAfter: '2h',
          executeWithin: '3h',
          floor: { minApprovals: 2, maxExpiresAfter: '5h', maxAuthAge: '15m' },
        },
        retries: { maxAttempts: 3, backoff: '10ms', maxBackoff: '20ms', cap: { maxAttempts: 4 } },
        limits: { attemptTimeout: '10s', runTimeout: '4h', cleanupTimeout: '3m', maxParallel: 7 },
        worker: { name: 'configured-1', labels: ['gpu'], concurrency: 9, lease: '20s', stopGrace: '1s', drain: '1s' },
      },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
    const url = Object.assign(new URL(stack.database.adminUrl), {
      pathname: new URL(stack.database.ownerUrl).pathname,
    });
    sql = new Client({ connectionString: url.href });
    await sql.connect();
  }, 120_000);

  afterAll(async () => {
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('is reached where http says, with its limits', async () => {
    const manifest = pack('- { id: a, run: { uses: "builtin:noop" } }');
    const response = await ada.raw('POST', '/api/runs', { manifest, inputs: {} });
    expect(response.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:9\/behind-a-proxy\/api\/runs\/run_/);
    expect(response.headers.get('keep-alive')).toBe('timeout=7');
    const large = await ada.ask('POST', '/api/plans', { manifest, inputs: { text: 'x'.repeat(70_000) } });
    expect(large.status).toBe(413);
    const several = await Promise.all(
      Array.from({ length: 8 }, () => ada.ask('POST', '/api/plans', { manifest, inputs: {} })),
    );
    const refused = several.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body['code']).toBe('RATE_LIMITED');
  });

  it('has as many open streams of one person as http says', async () => {
    const open = () => grace.raw('GET', '/api/events', undefined, { accept: 'text/event-stream' });
    const streams = await Promise.all([open(), open(), open()]);
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await open();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    expect(await refused.json()).toMatchObject({ code: 'STREAMS_TOO_MANY' });
    await streams[0]?.body?.cancel();
    let again = await open();
    for (; again.status === 429; again = await open()) await pause(50);
    expect(again.status).toBe(200);
    for (const stream of [...streams.slice(1), again]) await stream.body?.cancel();
  }, 60_000);

  it('connects to the PostgreSQL that is configured, each service as its own role', async () => {
    const { rows } = await sql.query<{ usename: string; datname: string }>(
      `select distinct usename, datname from pg_stat_activity where application_name like 'taskrunner%' order by 1`,
    );
    expect(rows).toEqual([
      { usename: 'taskrunner_web', datname: 'taskrunner' },
      { usename: 'taskrunner_worker', datname: 'taskrunner' },
    ]);
  });

  it('asks it on as many connections, and as long, as configured', async () => {
    await sql.query('begin');
    await sql.query('lock table pack_runs.run_sources in access exclusive mode');
    let asked: Promise<Answer>[] = [];
    // On a busy machine, all of them may fail before the numbers are read. Then they are asked again.
    for (let seen = false; !seen;) {
      asked = Array.from({ length: 5 }, () => ada.ask('GET', '/api/runs'));
      let areOver = false;
      void Promise.allSettled(asked).then(() => (areOver = true));
      while (!seen && !areOver) {
        const metrics = await (await fetch(`${stack.health.webservice}/metrics`)).text();
        const use = (state: string) => new RegExp(`pool="ordinary",state="${state}"\\} (\\d+)`).exec(metrics)?.[1];
        seen = use('used') === '3' && use('waiting') === '2';
        if (!seen) await pause(20);
      }
    }
    const { status } = await Promise.race(asked);
    expect(status).toBeGreaterThanOrEqual(500);
    await sql.query('rollback');
    for (const { status: one } of await Promise.all(asked)) expect([200, 500, 503]).toContain(one);
  }, 60_000);

  it('takes tokens of the Authority that is configured, and of nobody else', async () => {
    const me = await ada.ask('GET', '/api/me');
    expect(me.body).toMatchObject({ tenant: 'acme' });
    const [head, , tail] = (await stack.tokenFor('ada')).split('.');
    const claims = Buffer.from('{"iss":"https://id.other.example","aud":"taskrunner","sub":"ada"}').toString(
      'base64url',
    );
    const foreign = new Caller(stack.server, `${head}.${claims}.${tail}`);
    expect((await foreign.ask('GET', '/api/me')).status).toBe(401);
  });

  it('registers its worker as configured', async () => {
    const { rows } = await sql.query('select name, labels, lease_ms from pack_runs.workers');
    expect(rows).toEqual([{ name: 'configured-1', labels: ['gpu'], lease_ms: 20_000 }]);
    const metrics = await (await fetch(`${stack.health.workers[0]}/metrics`)).text();
    expect(metrics).toMatch(/^taskrunner_runs_capacity 9$/m);
  });

  it('gives approvals the configured time and floor', async () => {
    const run = await ada.submit(
      pack(
        '- { id: go, gate: { approval: owners, message: "go?" } }',
        '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
      ),
    );
    await ada.until(run, ['waiting']);
    const { body } = await grace.ask('GET', `/api/runs/${run}/gates/go`);
    const { openedAt, expiresAt, executeBy, requirement } = body['request'] as {
      openedAt: string;
      expiresAt: string;
      executeBy: string;
      requirement: Json;
    };
    expect(Date.parse(expiresAt) - Date.parse(openedAt)).toBe(2 * HOUR);
    expect(Date.parse(executeBy) - Date.parse(expiresAt)).toBe(3 * HOUR);
    expect(requirement).toMatchObject({ minApprovals: 2, maxAuthAge: 'PT900S' });
    const first = await grace.approve(run, 'go');
    expect(first.body).toMatchObject({ status: 'open', approvals: 1, required: 2 });

    // The effects of a change are reported before it is made.
    const forecast = async (env: NodeJS.ProcessEnv): Promise<object> => {
      const args = ['config', 'check', stack.configurationPath, '--runs', '--output', 'json'];
      const program = join(ROOT, 'apps/cli/bin/taskrunner.js');
      const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
        env: { ...NODE_ENVIRONMENT, ...env },
      });
      return (JSON.parse(stdout) as { runs: object }).runs;
    };
    expect(await forecast({})).toEqual({ continue: 1, stop: [], wait: [], unreadable: 0 });
    expect(await forecast({ TASKRUNNER_APPROVALS_FLOOR_MIN_APPROVALS: '3' })).toEqual({
      ...{ continue: 0, wait: [], unreadable: 0 },
      stop: [{ code: 'PROFILE_MISMATCH', runs: 1, detail: expect.stringContaining('approvals.floor.minApprovals') }],
    });
    expect((await ada.summary(run))['status']).toBe('waiting');
    await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'enough' });
  });

  it('tries again as configured where the pack says nothing, and refuses what asks for more', async () => {
    const step = (more: string) =>
      pack(`- { id: fails, ${more} run: { uses: "builtin:command", with: { command: [sh, -c, "exit 3"] } } }`);
    const attemptsOf = async (manifest: string): Promise<unknown> => {
      const run = await ada.submit(manifest);
      await ada.until(run, ['failed']);
      return (await ada.ask('GET', `/api/runs/${run}/steps/fails`)).body['attempts'];
    };
    expect(await attemptsOf(step(''))).toBe(3);
    expect(await attemptsOf(step('retries: { maxAttempts: 2 },'))).toBe(2);
    expect(await attemptsOf(step('effects: once,'))).toBe(1);
    const { status, body } = await ada.ask('POST', '/api/runs', {
      manifest: step('retries: { maxAttempts: 5 },'),
      inputs: {},
    });
    expect(status).toBe(422);
    expect(body['errors']).toMatchObject([{ code: 'RETRIES_OVER_CAP' }]);
  }, 60_000);

  it('ends attempts and binds its defaults as configured', async () => {
    const run = await ada.submit(
      pack(
        '- { id: slow, retries: { maxAttempts: 1 }, effects: once, run: { uses: "builtin:command", with: { command: [sleep, "60"] } } }',
      ),
    );
    await pause(0);
    const { rows } = await sql.query<{ profile: string }>(
      `select p.profile from pack_runs.profiles p join pack_runs.run_sources s using (tenant_id, profile_digest) where s.run_id = $1`,
      [runUuid(run as RunId)],
    );
    expect(JSON.parse(rows[0]?.profile ?? '{}')).toMatchObject({
      defaults: {
        attemptTimeoutMs: 10_000,
        runTimeoutMs: 4 * HOUR,
        cleanupTimeoutMs: 180_000,
        maxParallel: 7,
        expiresAfterMs: 2 * HOUR,
        executeWithinMs: 3 * HOUR,
        stopGraceMs: 1_000,
      },
    });
    for (;;) {
      const { body } = await ada.ask('GET', `/api/runs/${run}/steps/slow`);
      if (JSON.stringify(body).includes('TIMEOUT') || body['status'] === 'needs_attention') break;
      await pause(100);
    }
    await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'enough' });
  }, 60_000);

  it('keeps bytes where artifacts say, up to what they say', async () => {
    const writes = (mib: number) =>
      pack(`- id: write
  retries: { maxAttempts: 1 }
  run:
    uses: builtin:script
    with: { interpreter: [sh], source: "head -c ${mib * 1024 * 1024} /dev/urandom > out/a.bin" }
    artifacts: [ { name: a, path: out/a.bin } ]`);
    const run = await ada.submit(writes(2));
    await ada.until(run, ['succeeded']);
    const { body } = await ada.ask('GET', `/api/runs/${run}/artifacts`);
    const [artifact] = body['items'] as { digest: string }[];
    const hex = artifact?.digest.replace('sha256:', '') ?? '';
    const kept = readdirSync(join(folder, 'elsewhere'), { recursive: true }) as string[];
    expect(kept.some((path) => path.replaceAll('/', '').includes(hex))).toBe(true);

    const tooLarge = await ada.submit(writes(3));
    const failed = await ada.until(tooLarge, ['failed']);
    expect(failed['error']).toMatchObject({ code: 'ARTIFACT_TOO_LARGE' });

    // The first run's bundle would exceed its maximum size with the artifact. The evidence stays pending, visibly.
    for (;;) {
      const metrics = await (await fetch(`${stack.health.workers[0]}/metrics`)).text();
      if (/^taskrunner_evidence_failing [1-9]/m.test(metrics)) break;
      await pause(250);
    }
    expect((await ada.summary(run))['evidence']).toMatchObject({ status: 'pending' });
  }, 60_000);
});
