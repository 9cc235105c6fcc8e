import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@taskrunner/core/journal';
import { searched } from '@taskrunner/core/testing';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { unpackedPage } from '@taskrunner/infrastructure/postgres';
import { Client } from 'pg';
import { atNight } from '../stack/at-night';
import { adminUrlOf } from '../stack/replicas';
import { Caller, pack, pause, DevStack } from '../stack/stack';

/** Effects outside of the product: one for each request, by its idempotency key. */
interface Effect {
  readonly item: number;
  readonly key: string;
  readonly began: number;
  ended: number | null;
}

// Two workers, three at night, share one run: items of its map beyond the driver's slots are executed by the others (ADR 31).
describe('a map that several workers share', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let server: Server;
  let port: number;
  let database: Client;
  let effects: Effect[] = [];
  let answerMs = 60;
  /** While true, no request is answered. */
  let isHolding = false;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-fan-out-'));
    server = createServer((request, response) => {
      const item = Number(new URL(request.url ?? '', 'http://x').pathname.slice(1));
      const key = String(request.headers['idempotency-key']);
      const effect: Effect = { item, key, began: Date.now(), ended: null };
      effects.push(effect);
      response.on('close', () => (effect.ended ??= Date.now()));
      if (isHolding) return;
      setTimeout(
        () => response.setHeader('content-type', 'application/json').end(JSON.stringify({ twice: item * 2 })),
        answerMs,
      );
    });
    stack = await DevStack.shared('several');
    port = stack.port;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    database = new Client({ connectionString: adminUrlOf(stack) });
    await database.connect();
  }, 240_000);

  beforeEach(() => void (effects = []));

  afterAll(async () => {
    await database?.end();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const fan = (parallel: number, effect: 'idempotent' | 'once' = 'idempotent'): string =>
    pack(
      `- id: fan
  map:
    items: "{{ inputs.items }}"
    maxParallel: ${parallel}
    outputs: { n: "{{ steps.act.outputs.n }}" }
    steps:
      - id: act
        effects: ${effect}
        run:
          uses: "builtin:http"
          with: { method: ${effect === 'once' ? 'POST' : 'PUT'}, url: "http://127.0.0.1:${port}/{{ item }}", outputs: { n: "{{ response.body.twice }}" } }
          egress: [ { url: "http://127.0.0.1:${port}/" } ]`,
      `  inputs: [ { name: items, type: array, required: true } ]\n  outputs: [ { name: all, value: "{{ steps.fan.outputs }}" } ]\n`,
    );
  const itemsOf = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

  const rowsOf = async (text: string, values: unknown[] = []): Promise<Record<string, string>[]> =>
    (await database.query(text, values)).rows as Record<string, string>[];

  /** Worker sessions that drive the run and that hold its assignments. */
  async function holders(): Promise<{ readonly driver: string | null; readonly executors: readonly string[] }> {
    const [driver] = await rowsOf(`select owner from pack_runs.runs where status in ('running', 'cancelling')`);
    const executors = await rowsOf('select distinct owner from pack_runs.assignments where owner is not null');
    return { driver: driver?.['owner'] ?? null, executors: executors.map((row) => row['owner'] ?? '') };
  }

  async function verified(bytes: Uint8Array): Promise<boolean> {
    const bundle = join(folder, 'bundle.tar');
    writeFileSync(bundle, bytes);
    const args = ['verify', bundle, '--trust', stack.trustPath, '--json', '--allow-dev'];
    const { stdout, stderr } = await stack.taskrunner(args);
    if (stdout.trim() === '') throw new Error(stderr);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] };
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    return true;
  }

  it('is performed by all of them: every item once, its outputs in order, the evidence verifies', async () => {
    const count = searched(60, 300);
    // Slow enough that each worker gets a share, even on a busy machine.
    answerMs = 150;
    const run = await ada.submit(fan(24), { items: itemsOf(count) });
    const others = new Set<string>();
    let summary: Record<string, unknown> = {};
    for (const end = Date.now() + 120_000; Date.now() < end; await pause(100)) {
      const { driver, executors } = await holders();
      for (const one of executors) if (one !== driver) others.add(one);
      // A run has no driver before its start and after its end. The service, which costs more, is queried only then.
      if (driver !== null) continue;
      summary = await ada.summary(run);
      if (['succeeded', 'failed', 'halted', 'cancelled'].includes(String(summary['status']))) break;
    }
    expect(summary).toMatchObject({
      status: 'succeeded',
      outputs: { all: itemsOf(count).map((item) => ({ n: item * 2 })) },
    });
    answerMs = 60;
    // The number of workers with a share is random on a busy machine. The harness of the engine counts it.
    expect(others.size).toBeGreaterThan(0);
    expect(effects.length).toBe(count);
    expect(new Set(effects.map(({ item }) => item)).size).toBe(count);
    expect(await rowsOf('select name from pack_runs.assignments')).toEqual([]);
    expect(await rowsOf('select name from pack_runs.executions')).toEqual([]);
    expect(await verified(await ada.sealed(run))).toBe(true);
  }, 180_000);

  /** Effects of one item never overlap: an executor has ended before another one repeats its item. */
  function overlapping(): readonly Effect[] {
    const last = new Map<number, Effect>();
    return effects.filter((effect) => {
      const before = last.get(effect.item);
      last.set(effect.item, effect);
      return before !== undefined && (before.ended ?? Infinity) > effect.began;
    });
  }

  /** Waits until the run is driven, other workers hold assignments, and this number of effects was recorded. */
  async function shared(after: number): Promise<Awaited<ReturnType<typeof holders>>> {
    for (const end = Date.now() + 60_000; Date.now() < end; await pause(40)) {
      const found = await holders();
      if (found.driver !== null && found.executors.some((one) => one !== found.driver) && effects.length >= after)
        return found;
    }
    const runs = await rowsOf(
      'select status, owner, fence, counts, crashes from pack_runs.runs order by run_id desc limit 1',
    );
    const left = await rowsOf('select name, owner, fence, left_over, stops from pack_runs.assignments');
    throw new Error(`the run is not shared: ${JSON.stringify({ runs, left, effects: effects.length })}`);
  }

  atNight(
    'is performed to its end although each worker is killed in turn: no item is lost, none is done twice',
    async () => {
      const count = 600;
      const run = await ada.submit(fan(18), { items: itemsOf(count) });
      const then: Awaited<ReturnType<typeof holders>>[] = [];
      answerMs = 500;
      for (const [round, pid] of [...(await stack.workerPids())].entries()) {
        then.push(await shared((round + 1) * 25));
        await stack.killWorker('SIGKILL', pid);
        await stack.startWorker();
      }
      answerMs = 60;
      const summary = await ada.until(run, ['succeeded', 'failed', 'halted', 'cancelled'], 120);
      expect(summary).toMatchObject({ status: 'succeeded', outputs: { all: itemsOf(count).map((item) => ({ n: item * 2 })) } }); // prettier-ignore
      const dead = (await rowsOf(`select worker_id from pack_runs.workers where state = 'dead'`)).map((row) => row['worker_id']); // prettier-ignore
      expect(then.filter(({ driver }) => dead.includes(driver ?? '')).length).toBeGreaterThan(0);
      expect(then.flatMap(({ driver, executors }) => executors.filter((one) => one !== driver && dead.includes(one))).length).toBeGreaterThan(0); // prettier-ignore
      const keys = new Map<number, Set<string>>();
      for (const { item, key } of effects) keys.set(item, (keys.get(item) ?? new Set()).add(key));
      expect([...keys.keys()].sort((a, b) => a - b)).toEqual(itemsOf(count));
      // Repeated executions used the key of their attempt.
      expect([...keys.values()].filter(({ size }) => size !== 1)).toEqual([]);
      expect(overlapping()).toEqual([]);
      const steps = await rowsOf(
        `select status, attempts, count(*)::int as n from pack_runs.steps where step like 'fan[%::act' and run_id = (select run_id from pack_runs.runs order by run_id desc limit 1) group by 1, 2`,
      );
      expect(steps).toEqual([{ status: 'succeeded', attempts: 1, n: count }]);
      expect(await verified(await ada.sealed(run))).toBe(true);
    },
    300_000,
  );

  atNight('that may act once only asks a person about what a killed worker had begun', async () => {
    answerMs = 1_500;
    const run = await ada.submit(fan(12, 'once'), { items: itemsOf(60) });
    await shared(12);
    const [pid] = await stack.workerPids();
    await stack.killWorker('SIGKILL', pid);
    await stack.startWorker();
    const unresolved = async (): Promise<readonly string[]> =>
      (await rowsOf(`select step from pack_runs.steps where status = 'needs_attention'`)).map(
        (row) => row['step'] ?? '',
      );
    for (const end = Date.now() + 90_000; Date.now() < end; await pause(200))
      if ((await ada.summary(run))['status'] === 'waiting') break;
    expect((await unresolved()).length).toBeGreaterThan(0);
    const seen = effects.map(({ item }) => item);
    expect(new Set(seen).size).toBe(seen.length);
    await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'enough' });
    await ada.until(run, ['cancelled', 'failed'], 60);
    answerMs = 60;
  });

  atNight('that is cancelled begins nothing after that, and is over when all have ended', async () => {
    answerMs = 400;
    const run = await ada.submit(fan(18), { items: itemsOf(200) });
    await shared(30);
    // Every slot of each worker is occupied by a step that gets no response.
    isHolding = true;
    let begun = 0;
    do {
      begun = effects.length;
      await pause(2_000);
    } while (effects.length > begun);
    await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'enough' });
    // Steps are stopped after their grace period. The free slots are not used again.
    await ada.until(run, ['cancelled'], 60);
    isHolding = false;
    expect(effects.length).toBe(begun);
    expect(begun).toBeLessThan(200);
    expect(effects.filter(({ ended }) => ended === null)).toEqual([]);
    const { rows: pages } = await database.query<{ content: Buffer }>(
      'select content from pack_run_logs.journal where run_id = $1 order by first_seq',
      [runUuid(run as RunId)],
    );
    const entries = pages.flatMap(({ content }) => JSON.parse(unpackedPage(content)?.entries ?? '') as Entry[]);
    const accepted = entries.findIndex(({ event }) => event.type === 'cancel.accepted');
    expect(accepted).toBeGreaterThan(0);
    expect(entries.slice(accepted).filter(({ event }) => event.type === 'step.started')).toEqual([]);
    expect(await rowsOf('select name from pack_runs.assignments')).toEqual([]);
    expect(await verified(await ada.sealed(run))).toBe(true);
    answerMs = 60;
  });
});
