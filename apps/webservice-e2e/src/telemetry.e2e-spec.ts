import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METRICS, type Metric } from '@taskrunner/infrastructure/telemetry';
import { atNight } from './stack/at-night';
import { OtlpReceiver } from './stack/otlp-receiver';
import { Caller, pack, pause, ROOT, startStack, type DevStack } from './stack/stack';

const TRACED = pack(`- id: say
  run: { uses: "builtin:script", with: { interpreter: [sh], source: 'echo "$TRACEPARENT"' } }`);
const GATED = pack(
  `- { id: fails, continueOnError: true, run: { uses: "builtin:command", with: { command: [sh, -c, "exit 3"] } } }
- { id: approve, needs: [], gate: { approval: owners, message: "go?" } }
- { id: waits, needs: [approve], run: { uses: "builtin:wait", with: { for: 1s } } }`,
  '  approvals: [ { id: owners, grants: [packs.approve] } ]\n',
);
const DOCUMENT = readFileSync(join(ROOT, 'docs/guides/observability.md'), 'utf8');

/** Rows of the guide's table of metrics: name → kind, labels, service. */
function documented(): Map<string, string> {
  const rows = DOCUMENT.matchAll(/^\| `(taskrunner_\w+)` \| (\w+) \| (.*?) \| (\w+) \| .* \|$/gm);
  return new Map([...rows].map(([, name = '', kind, labels, of]) => [name, `${kind} ${labels} ${of}`]));
}

describe('telemetry of the whole product', () => {
  const receiver = new OtlpReceiver();
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  const tokens: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-e2e-'));
    const endpoint = await receiver.start();
    stack = await startStack(folder, {
      configuration: {
        telemetry: {
          endpoint,
          protocol: 'json',
          exportInterval: '100ms',
          metricsInterval: '1s',
          measureInterval: '1s',
          logLevel: 'debug',
        },
      },
    });
    for (const login of ['ada', 'grace']) tokens.push(await stack.tokenFor(login));
    ada = new Caller(stack.server, tokens[0] ?? '');
    grace = new Caller(stack.server, tokens[1] ?? '');
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    await receiver.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('is one trace from the request into the child process, and to the evidence', async () => {
    const traceId = randomBytes(16).toString('hex');
    const caller = randomBytes(8).toString('hex');
    const headers = { traceparent: `00-${traceId}-${caller}-01` };
    const { status, body } = await ada.ask('POST', '/api/runs', { manifest: TRACED, inputs: {} }, headers);
    expect(status).toBe(201);
    const run = body['runId'] as string;
    await ada.until(run, ['succeeded']);
    await ada.sealed(run);
    const { lines } = await ada.lines(run);
    const printed = lines[0]?.data['message'];

    const names = ['POST /api/runs', 'run.submit', 'run.drive', 'step.execute', 'run.attest'];
    while (names.some((name) => !receiver.trace(traceId).some((span) => span.name === name))) await pause(50);
    const spans = receiver.trace(traceId);
    const [request, submit, drive, execute, attest] = names.map((name) => spans.find((span) => span.name === name));
    expect(request?.parentSpanId).toBe(caller);
    expect(submit?.parentSpanId).toBe(request?.spanId);
    expect(drive?.parentSpanId).toBe(submit?.spanId);
    expect(execute?.parentSpanId).toBe(drive?.spanId);
    expect(attest?.parentSpanId).toBe(submit?.spanId);
    expect(printed).toBe(`00-${traceId}-${execute?.spanId}-01`);
    expect([request, submit, drive, execute, attest].map((span) => span?.service)).toEqual([
      'taskrunner-webservice',
      'taskrunner-webservice',
      'taskrunner-worker',
      'taskrunner-worker',
      'taskrunner-worker',
    ]);
    // Log records of the drive belong to the same trace; metrics arrive too.
    while (!receiver.textOf('/v1/logs').includes('run.driven')) await pause(50);
    const records = receiver.textOf('/v1/logs');
    expect(records).toMatch(new RegExp(`"run\\.driven"[^\\n]*"traceId":"${traceId}"`));
    while (!receiver.textOf('/v1/metrics').includes('taskrunner_runs_ended_total')) await pause(50);
  }, 60_000);

  it('a problem names the trace that its caller began', async () => {
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
    const { body } = await ada.ask('GET', '/api/runs/nothing', undefined, headers);
    expect(body['traceId']).toBe(traceId);
  });

  it('exposes exactly the numbers that the guide lists', async () => {
    const table = new Map(
      Object.entries(METRICS).map(([name, { kind, labels, of }]: [string, Metric]) => {
        const shown = labels.map((label) => `\`${label}\``).join(', ');
        return [name, `${kind} ${shown === '' ? '–' : shown} ${of.length === 2 ? 'both' : of[0]}`];
      }),
    );
    expect(documented()).toEqual(table);

    const run = await ada.submit(GATED);
    await ada.until(run, ['waiting']);
    await grace.approve(run, 'approve');
    await ada.until(run, ['succeeded']);
    await ada.sealed(run);
    await pause(1_500);
    const exposed = async (url: string | undefined, service: string): Promise<string> => {
      const response = await fetch(`${url}/metrics`);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain;.*version=0\.0\.4/);
      const text = await response.text();
      const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
      const listed = [...documented()].filter(([, row]) => row.endsWith('both') || row.endsWith(service));
      expect(names.sort()).toEqual(listed.map(([name]) => name).sort());
      for (const [, labels = ''] of text.matchAll(/^\w+\{(.*)\} /gm))
        expect(labels).not.toMatch(/tenant|acme|ada|e2e|run_/);
      return text;
    };
    // Measured in the database each second.
    const measured = async (): Promise<string> => (await fetch(`${stack.health.workers[0]}/metrics`)).text();
    while (!/taskrunner_queue_due_runs 0\n/.test(await measured())) await pause(200);
    await exposed(stack.health.webservice, 'webservice');
    const worker = await exposed(stack.health.workers[0], 'worker');
    expect(worker).toMatch(/taskrunner_runs_ended_total\{status="succeeded"\} 2\n/);
    expect(worker).toMatch(
      /taskrunner_execution_duration_seconds_count\{uses="builtin:command",outcome="failed"\} 1\n/,
    );
    expect(worker).toMatch(/taskrunner_queue_due_runs 0\n/);
    // Not served on the port of the API.
    expect((await ada.raw('GET', '/metrics')).status).toBe(404);
  }, 60_000);

  it('a refused token is one log line with the reason and nothing of the token', async () => {
    const [head = '', body = '', tail = ''] = (tokens[0] ?? '').split('.');
    const twice = Buffer.from('{"iss":"a","iss":"b"}').toString('base64url');
    const refused = [`${head}.${twice}.${tail}`, `${head}.${body}.${tail.replaceAll(/[A-Z]/g, 'x')}`];
    for (const token of refused) expect((await new Caller(stack.server, token).ask('GET', '/api/me')).status).toBe(401);
    expect((await ada.ask('GET', '/api/approvals')).status).toBe(403);
    const lines = () =>
      readFileSync(join(folder, 'logs/webservice.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"request.refused"'))
        .map((line) => JSON.parse(line) as Record<string, string>);
    while (lines().length < 3) await pause(50);
    expect(lines()).toMatchObject([
      {
        code: 'TOKEN_INVALID',
        reason: expect.stringContaining('contains a duplicate key'),
        path: '/api/me',
        level: 'warn',
      },
      { code: 'TOKEN_INVALID', reason: 'invalid signature' },
      { code: 'SCOPE_MISSING', reason: 'the token lacks the scope packs.approve', path: '/api/approvals' },
    ]);
    for (const token of [twice, tail]) expect(JSON.stringify(lines())).not.toContain(token.slice(0, 20));
  });

  it('logs are JSON lines without passwords and tokens', () => {
    const configuration = readFileSync(stack.configurationPath, 'utf8');
    const passwords = [...configuration.matchAll(/postgresql:\/\/[^:]+:([^@]+)@/g)].map(([, one = '']) => one);
    expect(passwords.length).toBeGreaterThanOrEqual(4);
    const logs = join(stack.stateDirectory, 'logs');
    for (const name of ['webservice.log', 'worker.log']) {
      expect(readdirSync(logs)).toContain(name);
      const text = readFileSync(join(logs, name), 'utf8');
      const lines = text.trimEnd().split('\n');
      for (const line of lines) expect(JSON.parse(line)).toBeInstanceOf(Object);
      for (const secret of [...passwords, ...tokens]) expect(text).not.toContain(secret);
    }
    expect(readFileSync(join(logs, 'worker.log'), 'utf8')).toMatch(/"run\.driven".*"trace_id":"[0-9a-f]{32}"/);
  });

  atNight('goes on in the worker that takes over from one that was killed', async () => {
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
    const manifest = pack(`- id: say
  run: { uses: "builtin:script", with: { interpreter: [sh], source: 'echo "$TRACEPARENT"; sleep 2' } }`);
    const { body } = await ada.ask('POST', '/api/runs', { manifest, inputs: {} }, headers);
    const run = body['runId'] as string;
    await ada.until(run, ['running']);
    await stack.killWorker('SIGKILL');
    await stack.startWorker();
    await ada.until(run, ['succeeded']);
    while (!receiver.trace(traceId).some((span) => span.name === 'step.execute')) await pause(50);
    const spans = receiver.trace(traceId);
    const execute = spans.find((span) => span.name === 'step.execute');
    const drive = spans.find((span) => span.spanId === execute?.parentSpanId);
    const submit = spans.find((span) => span.spanId === drive?.parentSpanId);
    expect([drive?.name, submit?.name]).toEqual(['run.drive', 'run.submit']);
    const { lines } = await ada.lines(run);
    const printed = lines.map(({ data }) => data['message']).filter((message) => message !== undefined);
    expect(printed.at(-1)).toBe(`00-${traceId}-${execute?.spanId}-01`);

    // The lost worker and the run that was taken over are counted and logged once.
    const numbers = await (await fetch(`${stack.health.workers[0]}/metrics`)).text();
    expect(numbers).toMatch(/^taskrunner_workers_lost_total 1$/m);
    expect(numbers).toMatch(/^taskrunner_runs_taken_over_total 1$/m);
    const log = readFileSync(join(stack.stateDirectory, 'logs', 'worker.log'), 'utf8');
    expect([log.match(/worker\.lost/g), log.match(/runs\.taken-over/g)].map((found) => found?.length)).toEqual([1, 1]);
  });

  it('a receiver that goes away hurts nothing', async () => {
    await receiver.stop();
    const run = await ada.submit(TRACED);
    await ada.until(run, ['succeeded']);
    expect((await ada.sealed(run)).length).toBeGreaterThan(1_000);
    const failures = async () => {
      const text = await (await fetch(`${stack.health.workers[0]}/metrics`)).text();
      return Number(/telemetry_failures_total\{signal="traces"\} (\d+)/.exec(text)?.[1]);
    };
    while ((await failures()) === 0) await pause(200);
    const log = readFileSync(join(stack.stateDirectory, 'logs', 'worker.log'), 'utf8');
    expect(log.match(/telemetry\.not-sent/g)).toHaveLength(1);
  }, 60_000);
});
