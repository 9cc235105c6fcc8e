import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { Balancer } from '../stack/balancer';
import { adminUrlOf } from '../stack/replicas';
import { ServiceProcess } from '../stack/rollout';
import { Caller, pack, pause, startStack, type DevStack } from '../stack/stack';

// Every process of an installation is replaced in turn, like in a rollout, while 50 runs are active and callers use a balancer. Neither the
// balancer nor the callers retry: each failed request is counted.

const RUNS = 50;
/** Duration of a `once` step. It is longer than the steps around it. */
const ONCE_SECONDS = 25;
/** Minimum number of such steps that are active on each worker that is replaced. */
const ONCE_EACH = 3;
const FOLLOWED = 5;
const WEB = { TASKRUNNER_HTTP_LAME_DUCK: '2s' };

const script = (id: string, effects: string, source: string): string =>
  `{ id: ${id}, effects: ${effects}, run: { uses: "builtin:script", with: { interpreter: [sh], source: "${source}" } } }`;
const beat = (seconds: number): string => `for n in $(seq ${seconds}); do echo beat $n; sleep 1; done`;

const LONG = pack(`- ${script('once-long', 'once', beat(ONCE_SECONDS))}\n- ${script('after', 'once', 'echo after')}`);
const MAP = pack(
  `- id: each\n  map:\n    items: [1, 2, 3]\n    steps: [ ${script('once-item', 'once', beat(ONCE_SECONDS))} ]`,
);
const SHORT = pack(
  [1, 2, 3, 4]
    .map((n) => `- ${script(`step-${n}`, n % 2 === 0 ? 'once' : 'idempotent', `sleep ${n % 2}; echo ${n}`)}`)
    .join('\n'),
);
/** Mostly short runs. One in eight has a long step, one in eight a map of long steps. */
const MIXED = Array.from({ length: 40 }, (_, n) => (n % 8 === 0 ? LONG : n % 8 === 4 ? MAP : SHORT));

/** Users of the API in the meantime. They never retry, and record unexpected responses. */
class Callers {
  readonly runs: string[] = [];
  readonly failures: string[] = [];
  requests = 0;
  private isOver = false;

  constructor(private readonly ada: Caller) {}

  async submit(manifests: readonly string[]): Promise<void> {
    for (const manifest of manifests) {
      await this.submitOne(manifest);
      await pause(200);
    }
  }

  async submitOne(manifest: string): Promise<void> {
    const run = await this.asked('submission', () => this.ada.submit(manifest));
    if (run !== null) this.runs.push(run);
    await pause(100);
  }

  /** Polls one run after the other, sometimes waiting for changes, until stopped. */
  async poll(): Promise<void> {
    for (let turn = 0; !this.isOver; turn++) {
      const run = this.runs[turn % Math.max(1, this.runs.length)];
      if (run !== undefined)
        await this.asked(`poll ${turn}`, async () => {
          const { status } = await this.ada.ask('GET', `/api/runs/${run}${turn % 7 === 0 ? '?wait=2s' : ''}`);
          if (status !== 200) throw new Error(`status ${status}`);
        });
      await pause(50);
    }
  }

  /**
   * Follows a log to its end over several streams. A service that stops asks its readers to come back; each other interruption is a failure.
   * Returns the numbers of the lines.
   */
  async follow(run: string): Promise<readonly number[]> {
    const read = await this.asked(`log of ${run}`, () => this.ada.lines(run));
    for (const { error } of read?.interruptions ?? [])
      if (error !== null) this.failures.push(`log of ${run}: ${error.message}`);
    const lines = (read?.lines ?? []).filter(({ data }) => data['eventType'] === 'step.log');
    return lines.map(({ id }) => id);
  }

  /** The final status of a run, or `needs_attention`. */
  async endOf(run: string): Promise<string> {
    while (!this.isOver) {
      const answer = await this.asked(`end of ${run}`, () =>
        this.ada.ask('GET', `/api/runs/${run}?wait=30s&for=attention`),
      );
      const status = (answer?.body['status'] ?? 'unknown') as string;
      if (['succeeded', 'failed', 'cancelled', 'halted', 'unknown'].includes(status)) return status;
      if (JSON.stringify(answer?.body['waits']).includes('attention')) return 'needs_attention';
    }
    return 'unknown';
  }

  stop(): void {
    this.isOver = true;
  }

  private async asked<T>(what: string, request: () => Promise<T>): Promise<T | null> {
    this.requests++;
    try {
      return await request();
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      this.failures.push(`${what}: ${message} ${cause?.message ?? ''}`);
      return null;
    }
  }
}

describe('a rolling restart of every process', () => {
  let folder: string;
  let stack: DevStack;
  let sql: Client;
  let balancer: Balancer;
  const running = new Set<ServiceProcess>();
  let started = 0;

  const start = async (service: 'webservice' | 'worker'): Promise<ServiceProcess> => {
    const env = service === 'webservice' ? WEB : {};
    const one = await ServiceProcess.start(stack, service, `${service}-${++started}`, env);
    running.add(one);
    if (service === 'webservice') balancer.add(one);
    return one;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-rollout-'));
    stack = await startStack(folder, { workers: 0, configuration: { worker: { drain: '60s', concurrency: 100 } } });
    sql = new Client({ connectionString: adminUrlOf(stack) });
    await sql.connect();
    balancer = await Balancer.start();
  }, 120_000);

  afterAll(async () => {
    await Promise.all([...running].map((one) => one.kill()));
    await balancer?.stop();
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('leaves no step in needs_attention, and no request fails', async () => {
    const old = [await start('webservice'), await start('webservice'), await start('worker'), await start('worker')];
    const callers = new Callers(new Caller(balancer.url, await stack.tokenFor('ada')));
    const { runs, failures } = callers;
    const codes: (number | null)[] = [];
    try {
      const submitting = callers.submit(MIXED);
      const polling = [callers.poll(), callers.poll(), callers.poll()];
      while (runs.length < 10) await pause(100);
      const followed = runs.filter((_, number) => number % 2 === 0).slice(0, FOLLOWED);
      const following = followed.map((run) => callers.follow(run));
      for (const one of old) {
        const isWorker = one.url === '';
        await start(isWorker ? 'worker' : 'webservice');
        // The `once` steps of the worker have just begun, and they take longer than its shutdown.
        if (isWorker) while ((await onceStepsOf(one)) < ONCE_EACH) await callers.submitOne(LONG);
        codes.push(await one.terminate());
        balancer.remove(one);
        running.delete(one);
      }
      await submitting;
      while (runs.length < RUNS) await callers.submitOne(LONG);
      const ends = await Promise.all(runs.map((run) => callers.endOf(run)));
      const logs = await Promise.all(following);
      callers.stop();
      await Promise.all(polling);

      expect(codes).toEqual([0, 0, 0, 0]);
      expect(count(ends)).toEqual({ succeeded: runs.length });
      expect(failures).toEqual([]);
      expect(callers.requests).toBeGreaterThan(5 * RUNS);
      for (const ids of logs) expect(ids).toEqual(ids.map((_, index) => index + 1));
      // Without runs that were handed over, the test would prove nothing.
      const { rows } = await sql.query<{ moved: number }>(
        'select count(*)::int as moved from pack_runs.runs where fence > 1',
      );
      expect(rows[0]?.moved).toBeGreaterThan(0);
      const abandoned = old.flatMap(({ log }) => log.filter((line) => line.includes('drain.step-given-up')));
      expect(abandoned).toEqual([]);
      const what = `${runs.length} runs, ${rows[0]?.moved} of them handed over, ${callers.requests} requests`;
      process.stdout.write(`rolling restart: ${what}\n`);
    } finally {
      callers.stop();
    }
  }, 500_000);

  /** Number of active long `once` steps on this worker. */
  const onceStepsOf = async ({ name }: ServiceProcess): Promise<number> => {
    const { rows } = await sql.query<{ n: number }>(
      `select count(*)::int as n from pack_runs.steps s join pack_runs.runs r using (tenant_id, run_id)
        join pack_runs.workers w on w.worker_id = r.owner where w.name = $1 and s.step = 'once-long' and s.status = 'running'`,
      [name],
    );
    return rows[0]?.n ?? 0;
  };
});

function count(list: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of list) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}
