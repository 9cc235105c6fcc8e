import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STORED_DOCUMENTS } from '@taskrunner/core/stored';
import { JsonLog } from './json-log';
import { METRICS, type Metric } from './metrics';
import { Telemetry } from './telemetry';
import { someOptions } from './testing/options';
import { watchBacklog, type MeasuredDatabase } from './database-metrics';
import type { Metrics } from './metrics';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');

/** The sources of libraries and services, without tests and the table itself. */
const sources = ['libs', 'apps'].flatMap((folder) =>
  (readdirSync(join(ROOT, folder), { recursive: true }) as string[])
    .filter((path) => /^[^/]+\/src\/.*(?<!spec|\/metrics)\.ts$/.test(path))
    .map((path) => readFileSync(join(ROOT, folder, path), 'utf8')),
);

it.each(Object.keys(METRICS))('%s is measured somewhere', (name) =>
  expect(sources.some((text) => text.includes(`'${name}'`))).toBe(true),
);

it('the guide lists every metric as the table does', () => {
  const guide = readFileSync(join(ROOT, 'docs/guides/observability.md'), 'utf8');
  const rows = Object.entries(METRICS).map(([name, { kind, labels, of, about }]: [string, Metric]) => {
    const shown = labels.map((label) => `\`${label}\``).join(', ') || '–';
    return `| \`${name}\` | ${kind} | ${shown} | ${of.length === 2 ? 'both' : of[0]} | ${about} |`;
  });
  expect(guide.split('\n').filter((line) => line.startsWith('| `taskrunner_'))).toEqual(rows);
});

it('the guide lists every kind of altered document', () => {
  const guide = readFileSync(join(ROOT, 'docs/guides/observability.md'), 'utf8');
  const kinds = STORED_DOCUMENTS.map((kind) => `\`${kind}\``).join(', ');
  expect(guide).toContain(`| \`document\` | altered documents | ${kinds} |`);
});

it.each([
  [1, 1, 1],
  [0, 1, 0],
  [1, 0, 0],
])('stores of two parts of one process that are %i and %i available count as %i', async (first, second, together) => {
  const log = new JsonLog('error', 'test', () => undefined);
  const telemetry = await Telemetry.open(someOptions({}), { name: 'webservice', version: '1' }, log);
  try {
    for (const value of [first, second])
      telemetry.metrics.observe('taskrunner_object_store_available', () => [[value]]);
    const lines = (await telemetry.metricsText()).split('\n');
    expect(lines.filter((line) => line.startsWith('taskrunner_object_store_available'))).toEqual([
      `taskrunner_object_store_available ${together}`,
    ]);
  } finally {
    await telemetry.close();
  }
});

it('a gauge without a value is absent, also after it had one, and a counter stays', async () => {
  const log = new JsonLog('error', 'test', () => undefined);
  const telemetry = await Telemetry.open(someOptions({}), { name: 'webservice', version: '1' }, log);
  try {
    let stuck: readonly (readonly [number, { reason: string }])[] = [];
    telemetry.metrics.observe('taskrunner_runs_stuck', () => stuck);
    const shown = async (name: string) =>
      (await telemetry.metricsText()).split('\n').filter((line) => line.startsWith(name));
    stuck = [
      [2, { reason: 'halted' }],
      [1, { reason: 'blocked' }],
    ];
    expect(await shown('taskrunner_runs_stuck')).toHaveLength(2);
    stuck = [[3, { reason: 'halted' }]];
    expect(await shown('taskrunner_runs_stuck')).toEqual(['taskrunner_runs_stuck{reason="halted"} 3']);
    stuck = [];
    expect(await shown('taskrunner_runs_stuck')).toEqual([]);
    for (let i = 0; i < 2; i++) expect(await shown('taskrunner_telemetry_failures_total')).toHaveLength(3);
    expect(await shown('taskrunner_process_cpu_seconds_total')).toHaveLength(1);
  } finally {
    await telemetry.close();
  }
});

it.each([
  [{ name: 'webservice' }, ['taskrunner_http_request_duration_seconds_count']],
  [{ name: 'worker' }, ['taskrunner_flush_runs_count']],
  [
    { name: 'webservice', hasWorker: true },
    ['taskrunner_http_request_duration_seconds_count', 'taskrunner_flush_runs_count'],
  ],
] as const)('a process has the metrics of its services: %j', async (service, names) => {
  const log = new JsonLog('error', 'test', () => undefined);
  const telemetry = await Telemetry.open(someOptions({}), { ...service, version: '1' }, log);
  try {
    telemetry.metrics.record('taskrunner_flush_runs', 1);
    telemetry.metrics.record('taskrunner_http_request_duration_seconds', 1);
    const found = ['taskrunner_http_request_duration_seconds_count', 'taskrunner_flush_runs_count'];
    const lines = (await telemetry.metricsText()).split('\n');
    expect(found.filter((name) => lines.some((line) => line.startsWith(name)))).toEqual(names);
  } finally {
    await telemetry.close();
  }
});

const INTERVAL_MS = 5_000;
const NO_WORKER = { liveWorkers: 0, dueRuns: 0, partitionDays: 14, stuck: {} };

/** What is logged of a database without workers in the time of some looks. Before each, this process is blocked for so long, milliseconds. */
async function saidWhileBlocked(...blocked: readonly number[]): Promise<readonly string[]> {
  const said: string[] = [];
  const log = { say: (_level: string, event: string) => void said.push(event) } as unknown as JsonLog;
  const metrics = { observe: () => undefined } as unknown as Metrics;
  const database = { backlog: async () => NO_WORKER } as unknown as MeasuredDatabase;
  let lost = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => Date.now() + lost);
  const end = watchBacklog(metrics, log, database, INTERVAL_MS);
  for (const ms of blocked) {
    await jest.advanceTimersByTimeAsync(1_000);
    lost += ms;
    await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1_000);
  }
  await end();
  return said;
}

describe('an installation without workers', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['performance'] }));
  afterEach(() => jest.useRealTimers().restoreAllMocks());

  it('is reported by the second look', async () => {
    expect(await saidWhileBlocked()).toEqual([]);
    expect(await saidWhileBlocked(0)).toEqual(['workers.none']);
    expect(await saidWhileBlocked(0, 0)).toEqual(['workers.none']);
    expect(await saidWhileBlocked(900)).toEqual(['workers.none']);
  });

  it('is not reported by a look after this process was blocked for longer than a lease, because its own worker was blocked too', async () => {
    expect(await saidWhileBlocked(3_000)).toEqual([]);
    expect(await saidWhileBlocked(3_000, 3_000)).toEqual([]);
    expect(await saidWhileBlocked(3_000, 0)).toEqual(['workers.none']);
  });
});
