import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ClaimedRun,
  Commit,
  Committed,
  ExecutionRequest,
  Executor,
  NewRun,
  OutboxItem,
  RunStore,
} from '@taskrunner/core/ports';
import { JsonLog } from './json-log';
import { METRICS, type Metric } from './metrics';
import { Telemetry } from './telemetry';
import type { Service } from './telemetry-options';
import { someOptions, until } from './testing/options';
import { Receiver } from './testing/receiver';

const WORKER: Service = { name: 'worker', version: '1.2.3' };
const WEBSERVICE: Service = { name: 'webservice', version: '1.2.3' };

let folder: string;
let receiver: Receiver;
let lines: string[];
let open: Telemetry[];
const log = () => new JsonLog('info', 'test', (line) => lines.push(line));

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'telemetry-'))));
beforeEach(async () => {
  receiver = await Receiver.start();
  lines = [];
  open = [];
});
afterEach(async () => {
  for (const telemetry of open) await telemetry.close();
  await receiver.stop();
});
afterAll(() => rm(folder, { recursive: true }));

async function start(supplied: Parameters<typeof someOptions>[0], service = WORKER): Promise<Telemetry> {
  const telemetry = await Telemetry.open(someOptions(supplied), service, log());
  open.push(telemetry);
  return telemetry;
}

const run = (traceContext?: string) =>
  ({ runId: 'run_1', fence: 1, ...(traceContext ? { traceContext } : {}) }) as ClaimedRun;
const request = { run: run(), step: 'scan', attempt: 1, execution: 1 } as unknown as ExecutionRequest;
const executor = (perform: () => Promise<unknown>) =>
  new Map([['builtin:noop', { execute: perform } as unknown as Executor]]);

describe('a trace', () => {
  it('goes from a submission over the store to drive, execution and sealing', async () => {
    const web = await start({ endpoint: receiver.url }, WEBSERVICE);
    const worker = await start({ endpoint: receiver.url });
    let stored: string | null | undefined;
    const store = web.watchRunStore({
      create: async (supplied: NewRun) => ((stored = supplied.traceContext), { kind: 'created', inLine: false }),
    } as unknown as RunStore);
    await web.tracing.span('POST', { kind: 'server', parent: null }, () =>
      web.tracing.span('run.submit', {}, async () => void (await store.create({} as NewRun))),
    );
    let child: string | null = null;
    const runs = worker.watchRuns();
    const executors = worker.watchExecutors(
      executor(async () => {
        child = worker.tracing.traceparent();
        return {
          kind: 'failed',
          code: 'EXIT_1',
          message: 'a secret that a step printed',
          retryable: true,
          exitCode: 1,
        };
      }),
    );
    await runs.drive(run(stored ?? undefined), async () => {
      await executors.get('builtin:noop')?.execute(request, {} as never);
      return 'ended';
    });
    await runs.attest({ runId: 'run_1', tries: 1, traceContext: stored } as OutboxItem, async () => ({
      kind: 'known',
    }));
    for (const telemetry of open.splice(0)) await telemetry.close();

    const chain = (name: string) => receiver.spans.find((span) => span.name === name);
    const [post, submit, drive, execute, attest] = [
      'POST',
      'run.submit',
      'run.drive',
      'step.execute',
      'run.attest',
    ].map(chain);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(post?.parentSpanId ?? '').toBe('');
    expect(submit?.parentSpanId).toBe(post?.spanId);
    expect(drive?.parentSpanId).toBe(submit?.spanId);
    expect(attest?.parentSpanId).toBe(submit?.spanId);
    expect(execute?.parentSpanId).toBe(drive?.spanId);
    expect(child).toBe(`00-${post?.traceId}-${execute?.spanId}-01`);
    expect([post?.service, execute?.service]).toEqual(['taskrunner-webservice', 'taskrunner-worker']);
    expect(execute?.attributes).toMatchObject({ 'taskrunner.step.id': 'scan', 'taskrunner.outcome': 'failed' });
    expect(execute?.status).toMatchObject({ code: 2, message: 'EXIT_1' });
    expect(JSON.stringify(receiver.spans)).not.toContain('secret that a step printed');
  });

  it('is found by its run in a worker that sends nothing', async () => {
    const worker = await start({});
    const [one, other] = ['c', 'e'].map((digit) => `00-${digit.repeat(32)}-${'d'.repeat(16)}-01`);
    const runs = worker.watchRuns();
    const seen: (string | null)[] = [];
    const driven = (runId: string, traceContext?: string) =>
      runs.drive({ ...run(traceContext), runId } as ClaimedRun, async () => {
        await new Promise(setImmediate);
        const executors = worker.watchExecutors(
          executor(async () => {
            seen.push(worker.tracing.traceparent(runId));
            return { kind: 'succeeded', outputs: {} };
          }),
        );
        await executors.get('builtin:noop')?.execute(request, {} as never);
        worker.log.say('info', 'here', { runId });
        return 'ended';
      });
    await Promise.all([driven('run_1', one), driven('run_2', other), driven('run_3')]);
    expect(seen.slice(0, 2)).toEqual([one, other]);
    expect(seen[2]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    const traces = lines.map((line) => JSON.parse(line) as { runId: string; trace_id: string });
    expect(traces.map(({ runId, trace_id: id }) => [runId, id.slice(0, 2)])).toEqual([
      ['run_1', 'cc'],
      ['run_2', 'ee'],
      ['run_3', seen[2]?.slice(3, 5)],
    ]);
    // A step of a run that another worker drives.
    const assigned = { ...request, run: { ...run(other), runId: 'run_4' } } as ExecutionRequest;
    const elsewhere = executor(async () => {
      seen.push(worker.tracing.traceparent('run_4'));
      return { kind: 'succeeded', outputs: {} };
    });
    await worker
      .watchExecutors(elsewhere)
      .get('builtin:noop')
      ?.execute(assigned, {} as never);
    expect(seen[3]).toBe(other);
    expect(worker.tracing.traceparent('run_4')).toBeNull();
    // It is forgotten with the drive, but for a seal of the same run that goes on.
    expect(worker.tracing.traceparent('run_1')).toBeNull();
    await runs.attest({ runId: 'run_1', tries: 1, traceContext: one } as OutboxItem, async () => {
      await driven('run_1', one);
      expect(worker.tracing.traceparent('run_1')).toBe(one);
      return { kind: 'known' };
    });
    expect(worker.tracing.traceparent('run_1')).toBeNull();
  });

  it('is passed on, and logged, where nothing is sent', async () => {
    const { tracing, log: own } = await start({}, WEBSERVICE);
    const supplied = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
    await tracing.span('a', { parent: supplied }, async () => {
      own.say('info', 'here');
      expect(tracing.traceparent()).toBe(supplied);
    });
    let made = '';
    await tracing.span('b', { parent: null }, async () => {
      made = tracing.traceparent() ?? '';
      await tracing.span('c', {}, async () => expect(tracing.traceparent()).toBe(made));
    });
    expect(made).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(tracing.traceparent()).toBeNull();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ trace_id: 'c'.repeat(32), span_id: 'd'.repeat(16) });
    expect(receiver.received).toEqual([]);
  });

  it.each([
    ['none that begins here', { sampling: 0 }, null, 0],
    ['all that a caller decided on', { sampling: 0 }, `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`, 1],
    ['none that a caller decided against', { sampling: 1 }, `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`, 0],
    ['all that begin here', { sampling: 1 }, null, 1],
  ])('is sampled: %s', async (_, supplied, parent, expected) => {
    const telemetry = await start({ endpoint: receiver.url, signals: ['traces'], ...supplied });
    await telemetry.tracing.span('a', { parent }, async () => undefined);
    await telemetry.close();
    expect(receiver.spans).toHaveLength(expected);
  });
});

describe('sending', () => {
  it('is JSON or protobuf, of the signals that are configured, with the headers of a file', async () => {
    const headersFile = join(folder, 'headers');
    await writeFile(headersFile, '# of the receiver\n\nAuthorization: Bearer hunter2\nx-scope: a b\n');
    for (const protocol of ['json', 'protobuf'] as const) {
      const telemetry = await start({ endpoint: `${receiver.url}/base/`, headersFile, protocol });
      await telemetry.tracing.span('a', {}, async () => telemetry.log.say('warn', 'it.happened', { n: 1 }));
      await until(() => receiver.received.length >= 3);
      await telemetry.close();
      const paths = new Set(receiver.received.map(({ path }) => path));
      expect([...paths].sort()).toEqual(['/base/v1/logs', '/base/v1/metrics', '/base/v1/traces']);
      for (const { headers } of receiver.received)
        expect(headers).toMatchObject({
          'content-type': protocol === 'json' ? 'application/json' : 'application/x-protobuf',
          authorization: 'Bearer hunter2',
          'x-scope': 'a b',
        });
      if (protocol === 'json') {
        const body = JSON.stringify(receiver.of('/base/v1/logs'));
        expect(body).toContain('it.happened');
        expect(body).toMatch(/"traceId":"[0-9a-f]{32}"/);
      }
      receiver.received.length = 0;
    }
    const telemetry = await start({ endpoint: receiver.url, signals: ['logs'], serviceName: 'mine' });
    await telemetry.tracing.span('a', {}, async () => telemetry.log.say('info', 'x'));
    await telemetry.close();
    expect(receiver.received.map(({ path }) => path)).toEqual(['/v1/logs']);
    expect(JSON.stringify(receiver.of('/v1/logs'))).toContain('"mine"');
    expect(lines.join('')).not.toContain('hunter2');
  });

  it.each([
    ['is away', async () => 'http://127.0.0.1:9'],
    ['refuses', async () => ((receiver.status = 400), receiver.url)],
    ['never answers', async () => silent()],
  ])('to a receiver that %s hurts nothing, is counted, and said once', async (_, endpoint) => {
    const telemetry = await start({ endpoint: await endpoint(), queueSize: 16, exportTimeout: 500 });
    for (let i = 0; i < 1_000; i++) {
      await telemetry.tracing.span('a', {}, async () => telemetry.log.say('info', 'work'));
    }
    const failures = async () =>
      Number(/failures_total\{signal="traces"\} (\d+)/.exec(await telemetry.metricsText())?.[1]);
    while ((await failures()) < 1) await new Promise((resolve) => setTimeout(resolve, 50));
    await telemetry.close();
    const said = lines.filter((line) => line.includes('telemetry.not-sent'));
    expect(said).toHaveLength(1);
    expect(lines.filter((line) => line.includes('"work"'))).toHaveLength(1_000);
    for (const server of silentOnes.splice(0)) server();
  });

  it.each([
    ['TELEMETRY_HEADERS_UNREADABLE', null],
    ['TELEMETRY_HEADERS_INVALID', 'hunter2'],
    ['TELEMETRY_HEADERS_INVALID', 'name:'],
  ])('refuses headers with %s, and shows none', async (code, text) => {
    const headersFile = join(folder, `headers-${Math.random()}`);
    if (text !== null) await writeFile(headersFile, text);
    const opening = start({ endpoint: receiver.url, headersFile });
    await expect(opening).rejects.toMatchObject({ code, message: expect.not.stringContaining('hunter2') as string });
  });
});

const BACKLOG = {
  dueRuns: 7,
  oldestDueMs: 1_500,
  ownedRuns: 2,
  openGates: 3,
  pendingEvidence: 1,
  failingEvidence: 0,
  oldestEvidenceMs: 0,
  strandedRuns: 4,
  oldestStrandedMs: 2_500,
  liveWorkers: 3,
  stuck: { attention: 1, halted: 0, blocked: 5, restore: 2 },
  partitionDays: 12,
};

describe('numbers', () => {
  it.each([WEBSERVICE, WORKER])('of $name are those of the table, in the format of Prometheus', async (service) => {
    const telemetry = await start({}, service);
    telemetry.watchDatabase({
      backlog: async () => BACKLOG,
      pools: () => [{ pool: 'ordinary', used: 1, idle: 2, waiting: 0 }],
    });
    await new Promise((resolve) => setImmediate(resolve));
    const text = await telemetry.metricsText();
    expect(text).toMatch(/^# TYPE taskrunner_queue_due_runs gauge\ntaskrunner_queue_due_runs 7$/m);
    expect(text).toMatch(/^taskrunner_queue_oldest_due_seconds 1\.5$/m);
    expect(text).toMatch(/^taskrunner_queue_demand_runs 9$/m);
    expect(text).toMatch(/^taskrunner_queue_stranded_runs 4$/m);
    expect(text).toMatch(/^taskrunner_queue_oldest_stranded_seconds 2\.5$/m);
    expect(text).toMatch(/^taskrunner_runs_stuck\{reason="attention"\} 1$/m);
    expect(text).toMatch(/^taskrunner_runs_stuck\{reason="blocked"\} 5$/m);
    expect(text).toMatch(/^taskrunner_runs_stuck\{reason="restore"\} 2$/m);
    expect(text).toMatch(/^taskrunner_workers_live 3$/m);
    expect(text).toMatch(/^taskrunner_partition_days 12$/m);
    expect(text).toMatch(/^taskrunner_database_connections\{pool="ordinary",state="idle"\} 2$/m);
    expect(text).toMatch(/^taskrunner_build_info\{version="1\.2\.3"\} 1$/m);
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', kind]) => {
      const metric: Metric | undefined = METRICS[name as keyof typeof METRICS];
      expect([name, kind]).toEqual([name, metric?.kind]);
      expect(metric?.of).toContain(service.name);
      return name;
    });
    expect(new Set(names).size).toBe(names.length);
  });

  it('have no label for tenants, packs, people or runs', () => {
    const labels = new Set(Object.values(METRICS).flatMap(({ labels: some }: Metric) => some));
    expect([...labels].sort()).toEqual([
      'direction',
      'document',
      'kind',
      'method',
      'outcome',
      'part',
      'pool',
      'quantile',
      'reason',
      'route',
      'signal',
      'state',
      'status',
      'uses',
      'version',
      'work',
    ]);
  });

  it('of what was committed are counted when it is, not before', async () => {
    const telemetry = await start({});
    const answers: Committed[] = [{ kind: 'claim-lost' }, { kind: 'committed' }];
    const committer = telemetry.watchCommitter({ commit: async () => answers.shift() as Committed });
    const step = (kind: string, status: string) => ({ kind, status });
    const commit = {
      run: { status: 'failed', finishedAt: 1 },
      changes: [step('run', 'succeeded'), step('run', 'succeeded'), step('gate', 'failed'), step('run', 'running')],
    } as unknown as Commit;
    await committer.commit(commit);
    expect(await telemetry.metricsText()).toMatch(/taskrunner_runs_ended_total\{status="failed"\} 0/);
    await committer.commit(commit);
    const text = await telemetry.metricsText();
    expect(text).toMatch(/taskrunner_runs_ended_total\{status="failed"\} 1/);
    expect(text).toMatch(/taskrunner_steps_ended_total\{kind="run",status="succeeded"\} 2/);
    expect(text).toMatch(/taskrunner_steps_ended_total\{kind="gate",status="failed"\} 1/);
    expect(text).not.toContain('running');
  });

  it('of steps that need attention grow with the commit, and a line says which step', async () => {
    const telemetry = await start({});
    const committer = telemetry.watchCommitter({ commit: async () => ({ kind: 'committed' }) });
    await committer.commit({
      ...{ runId: 'run_1', tenant: 'acme', run: { status: 'waiting', finishedAt: null } },
      changes: [{ step: 'deploy', kind: 'run', status: 'needs_attention' }],
    } as unknown as Commit);
    expect(await telemetry.metricsText()).toMatch(/^taskrunner_attentions_total 1$/m);
    const said = lines.map((line) => JSON.parse(line) as { event: string });
    expect(said).toEqual([
      expect.objectContaining({ level: 'warn', event: 'step.needs-attention', runId: 'run_1', step: 'deploy' }),
    ]);
  });

  it('of workers that are lost, runs that are taken over and a clock that was set grow, each with its line', async () => {
    const telemetry = await start({});
    const { claimsWatch, onClockStep } = telemetry.watchFleet();
    claimsWatch.onWorkersLost([
      { id: 'w-1', name: 'alpha' },
      { id: 'w-2', name: 'beta' },
    ]);
    claimsWatch.onTakenOver(5);
    onClockStep(900_000);
    onClockStep(-900_000);
    claimsWatch.onHealed({ runs: 3, items: 0, deliveries: 0, leases: 1 });
    claimsWatch.onGroupsPassedOn(2);
    const text = await telemetry.metricsText();
    expect(text).toMatch(/^taskrunner_workers_lost_total 2$/m);
    expect(text).toMatch(/^taskrunner_runs_taken_over_total 5$/m);
    expect(text).toMatch(/^taskrunner_clock_steps_total\{direction="back"\} 1$/m);
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said.map(({ event, worker, runs, groups, stepMs }) => [event, worker ?? runs ?? groups ?? stepMs])).toEqual([
      ['worker.lost', 'alpha'],
      ['worker.lost', 'beta'],
      ['runs.taken-over', 5],
      ['clock.stepped', 900_000],
      ['clock.stepped', -900_000],
      ['clock.healed', 3],
      ['groups.passed-on', 2],
    ]);
  });

  it('of alarms grow with a seal that is blocked, and with one from which a file was withheld', async () => {
    const telemetry = await start({});
    const watch = telemetry.watchRuns();
    const sealed = { kind: 'sealed', digest: 'x', withheld: ['logs.txt'] };
    const ends = [{ kind: 'blocked', reason: 'SECRET_IN_EVIDENCE: x' }, sealed, { ...sealed, withheld: [] }];
    for (const end of ends) await watch.attest({ runId: 'run_1', tries: 1 } as OutboxItem, async () => end as never);
    expect(await telemetry.metricsText()).toMatch(/^taskrunner_alarms_total 2$/m);
  });

  it('of partitions that end are said once, and once more when there are new ones', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'performance'] });
    try {
      const telemetry = await start({});
      let days = 14;
      telemetry.watchDatabase({ backlog: async () => ({ ...BACKLOG, partitionDays: days }), pools: () => [] });
      for (const left of [14, 6, 5, -1, 14]) {
        days = left;
        await jest.advanceTimersByTimeAsync(60_000);
      }
      const said = lines.map((line) => JSON.parse(line) as { event: string; days: number });
      expect(said.map(({ event, days: left }) => [event, left])).toEqual([
        ['partitions.ending', 6],
        ['partitions.made', 14],
      ]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('of workers that are all gone are said once, after two looks, and once more when one lives', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'performance'] });
    try {
      const telemetry = await start({ measureInterval: 15_000 });
      let live = 0;
      telemetry.watchDatabase({ backlog: async () => ({ ...BACKLOG, liveWorkers: live }), pools: () => [] });
      for (const next of [1, 0, 1, 0, 0, 0, 2]) {
        live = next;
        await jest.advanceTimersByTimeAsync(15_000);
      }
      const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(said).toEqual([
        expect.objectContaining({ level: 'error', event: 'workers.none', code: 'NO_WORKER_LIVES', dueRuns: 7 }),
        expect.objectContaining({ level: 'info', event: 'workers.live', workers: 2 }),
      ]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('of one database are said once, however many parts of the process measure it, and not just after an outage', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'performance'] });
    try {
      const telemetry = await start({ measureInterval: 15_000 });
      let live: number | Error = 1;
      const backlog = async () => {
        if (live instanceof Error) throw live;
        return { ...BACKLOG, liveWorkers: live };
      };
      telemetry.watchDatabase({ backlog, pools: () => [] });
      telemetry.watchDatabase({ backlog, pools: () => [] });
      // The lease of the only worker expires in an outage, and is renewed after it.
      for (const next of [1, 0, new Error('away'), new Error('away'), 0, 1, 0, 0, 1]) {
        live = next;
        await jest.advanceTimersByTimeAsync(15_000);
      }
      const said = lines.map((line) => (JSON.parse(line) as { event: string }).event);
      expect(said).toEqual(['backlog.unknown', 'workers.none', 'workers.live']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('are no longer asked for once the watch has ended, which waits for the question that is under way', async () => {
    const telemetry = await start({});
    let answer: (backlog: typeof BACKLOG) => void = () => undefined;
    const backlog = () => new Promise<typeof BACKLOG>((resolve) => (answer = resolve));
    const end = telemetry.watchDatabase({ backlog, pools: () => [] });
    const seen: string[] = [];
    const ended = end().then(() => seen.push('ended'));
    await new Promise((resolve) => setImmediate(resolve));
    seen.push('answered');
    answer(BACKLOG);
    await ended;
    expect(seen).toEqual(['answered', 'ended']);
  });

  it('of a database that is away are absent, not old', async () => {
    const telemetry = await start({});
    telemetry.watchDatabase({ backlog: () => Promise.reject(new Error('away')), pools: () => [] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await telemetry.metricsText()).not.toContain('queue_due_runs');
  });
});

describe('requests', () => {
  it('are counted by route template, never by what a caller wrote', async () => {
    const telemetry = await start({ endpoint: receiver.url }, WEBSERVICE);
    const watch = telemetry.watchRequests();
    const server = createServer((req, res) => {
      const routed = req as unknown as { route?: { path: string } };
      watch(req, res, () => {
        if (req.url?.startsWith('/api/runs/')) routed.route = { path: '/api/runs/:runId' };
        res.statusCode = req.url === '/api/runs/2' ? 500 : 200;
        res.end(telemetry.tracing.traceId());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trace = 'e'.repeat(32);
    const headers = { traceparent: `00-${trace}-${'f'.repeat(16)}-01` };
    expect(await (await fetch(`${at}/api/runs/1`, { headers })).text()).toBe(trace);
    await (await fetch(`${at}/api/runs/2`, { method: 'DELETE' })).text();
    await (await fetch(`${at}/wp-admin/x.php?token=hunter2`)).text();
    await until(() => receiver.spans.length === 3);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const text = await telemetry.metricsText();
    const series = [...text.matchAll(/^taskrunner_http_request_duration_seconds_count(\{.*\}) (\d+)$/gm)];
    expect(series.map(([, labels, count]) => `${labels} ${count}`).sort()).toEqual([
      '{method="DELETE",route="/api/runs/:runId",status="500"} 1',
      '{method="GET",route="/api/runs/:runId",status="200"} 1',
      '{method="GET",route="unmatched",status="200"} 1',
    ]);
    const first = receiver.spans.find(({ traceId }) => traceId === trace);
    expect(first).toMatchObject({ name: 'GET /api/runs/:runId', parentSpanId: 'f'.repeat(16), kind: 2 });
    expect(JSON.stringify(receiver.spans)).not.toMatch(/hunter2|wp-admin/);
  });
});

const silentOnes: (() => void)[] = [];

/** Starts a receiver that accepts requests and never responds. */
async function silent(): Promise<string> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  silentOnes.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
