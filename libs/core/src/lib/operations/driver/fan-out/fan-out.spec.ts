import {
  Acting,
  item,
  items,
  manifest,
  ok,
  pause,
  TwoWorkers,
  untilStopped,
  type Act,
} from '../../../../testing/memory/two-workers';
import { performNext } from '../../../../testing/memory/memory-assignments';
import type { MemoryAssignments } from '../../../../testing/memory/memory-assignments';
import { packText } from '../../../../testing/planning';
import { mayChange } from '../../../binding/gate-reads';
import { canonical } from '../../../canonical/canonical';
import { digestOf } from '../../../canonical/digest';
import type { Json } from '../../../foundation/json';
import type { RunDriver } from '../drive-run';
import type { DriverDependencies } from '../../claimed-run/driver-dependencies';
import { assignmentText } from '../../claimed-run/fan-out';

let two: TwoWorkers;
afterEach(() => two.close());

describe('what a map has ready beyond the slots of its worker', () => {
  it('is executed by another, and the run yields what it would have yielded alone', async () => {
    two = new TwoWorkers(
      manifest(8, {
        after: '- { id: last, run: { uses: "builtin:noop", with: { all: "{{ steps.fan.outputs }}" } } }\n',
      }),
    );
    const { over } = await two.drive();
    expect(await two.dispatch(over)).toBe('ended');
    expect(two.result).toMatchObject({ status: 'succeeded' });
    expect(two.there.calls).toEqual(items(2, 8));
    expect(two.here.calls.slice(0, 2)).toEqual(items(0, 2));
    const [last] = two.events('step.ended').filter((event) => (event as { step: string }).step === 'last');
    expect(last).toMatchObject({ status: 'succeeded' });
    expect(two.world.rows.get(two.run)?.get('last')?.outputs).toEqual({
      all: Array.from({ length: 8 }, (_, n) => ({ n: { n } })),
    });
    const held = { code: 'ASSIGNMENT_HELD', detail: { name: 'w', version: '1', fence: 1 } };
    expect(two.events('note')).toMatchObject([held, held]);
    expect(two.world.assignments.stored).toEqual([]);
  });

  it('is not left by who cannot report before what it executes has stopped', async () => {
    let stopped = 0;
    const slow: Act = ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          setTimeout(() => {
            stopped++;
            resolve({ kind: 'stopped', unknown: false });
          }, 50);
        }),
      );
    const there: Act = (request, report) => (request.step === 'fan[2]::act' ? ok : slow)(request, report);
    two = new TwoWorkers(manifest(6), { there });
    await two.drive();
    await two.dispatched();
    const dependencies = two.dependencies(two.there, 100);
    const assignments = Object.assign(Object.create(two.world.assignments) as MemoryAssignments, {
      report: () => Promise.reject(new Error('away')),
    });
    const held = await performNext(two.world, { ...dependencies, fanOut: { ...dependencies.fanOut, assignments } });
    await expect(held?.performed).rejects.toThrow('away');
    expect(two.there.calls).toEqual(items(2, 4));
    expect(stopped).toBe(1);
  });

  it('is over with its turn if that offers it and tells it to stop: nobody else could say so', async () => {
    let held: Promise<void> | null = null;
    let begun: RunDriver | null = null;
    // The driver reads its inbox while the dispatch and the failure of a sibling arrive: one turn takes both.
    const here: Act = async ({ step }) => {
      if (step !== 'fan[0]::act') return { kind: 'stopped', unknown: false };
      held = pause(50);
      begun?.inboxChanged();
      await pause(20);
      return { kind: 'failed', code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
    };
    two = new TwoWorkers(manifest(6), { here });
    const { claims } = two.dependencies(two.here, 2);
    const reading = Object.assign(Object.create(claims) as typeof claims, {
      inboxMessages: async (...asked: Parameters<typeof claims.inboxMessages>) => {
        await held;
        return claims.inboxMessages(...asked);
      },
    });
    const { driver, over } = await two.drive({ claims: reading });
    begun = driver;
    expect(await over).toBe('ended');
    const pages = two.world.pages.get(two.run) ?? [];
    const dispatching = pages.filter(({ entries }) => entries.some(({ event }) => event.type === 'attempt.assigned'));
    expect(dispatching).toHaveLength(1);
    const reported = dispatching[0]?.entries.flatMap(({ event }) =>
      event.type === 'attempt.stopped' ? [event.step] : [],
    );
    expect(reported).toEqual(expect.arrayContaining([2, 3, 4, 5].map((index) => `fan[${index}]::act`)));
    expect(two.events('given.ignored')).toEqual([]);
  });

  it('is cut so that each worker finds a piece, at most so many as one assignment holds', async () => {
    two = new TwoWorkers(manifest(12));
    const { over } = await two.drive({}, 3);
    expect((await two.dispatched(4)).map((one) => one.items.length)).toEqual([3, 3, 3, 1]);
    two.close();
    await over;
  });

  it('does not leave a worker that is alone, nor one that drives in quarantine', async () => {
    two = new TwoWorkers(manifest(6));
    const single = { ...two.dependencies(two.here, 2).fanOut, others: () => 0 };
    expect(await (await two.drive({ fanOut: single })).over).toBe('ended');
    expect(two.here.calls).toEqual(items(0, 6));
  });

  it('does not leave if it reads more than an assignment may hold', async () => {
    const big = `- { id: big, run: { uses: "builtin:noop", with: { text: "${'x'.repeat(70_000)}" } } }\n`;
    two = new TwoWorkers(manifest(4, { before: big, with: 't: "{{ steps.big.outputs.text }}"' }));
    expect(await (await two.drive()).over).toBe('ended');
    expect(two.here.calls.filter((call) => call.startsWith('fan'))).toHaveLength(4);
    expect(two.world.assignments.dispatched).toEqual([]);
  });

  it('has the lines of its log numbered once, by the driver', async () => {
    const speaking: Act = async (request, report) => {
      for (const n of [1, 2, 3]) await report.line('info', `${request.step} ${n}`);
      return { kind: 'succeeded', outputs: null };
    };
    two = new TwoWorkers(manifest(5), { here: speaking, there: speaking });
    expect(await two.dispatch((await two.drive()).over)).toBe('ended');
    const chunks = await two.dependencies(two.here, 1).logs.read('acme' as never, two.run, 0, 100);
    expect(chunks.reduce((sum, { lines }) => sum + lines, 0)).toBe(15);
    let next = 1;
    for (const { firstLine, lines } of chunks) {
      expect(firstLine).toBe(next);
      next += lines;
    }
    expect(two.result).toMatchObject({ lastLine: 15 });
  });
});

describe('a driver that is lost', () => {
  it('leaves what it has lent to whoever has it: nothing of that is executed again', async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    two = new TwoWorkers(manifest(6), {
      here: untilStopped,
      there: async (request) => (await asked, ok(request, null as never)),
    });
    const first = await two.drive();
    await two.dispatched();
    const other = await performNext(two.world, two.dependencies(two.there, 100));
    first.driver.handOver();
    expect(await first.over).toBe('handed-over');
    const second = await two.drive({ executors: new Map([['builtin:noop', new Acting(ok)]]) });
    await pause(30);
    answer();
    expect(await other?.performed).toBe('answered');
    expect(await two.dispatch(second.over)).toBe('ended');
    expect(two.result).toMatchObject({ status: 'succeeded' });
    expect(two.there.calls).toEqual(items(2, 6));
    expect(two.events('step.started').filter((event) => (event as { execution: number }).execution > 1)).toHaveLength(
      2,
    );
  });
});

describe('a driver that hands over', () => {
  it('waits for what is on its way to others: nobody is asked what a step did that never began', async () => {
    two = new TwoWorkers(manifest(8, { effects: 'once' }));
    const { driver, over } = await two.drive();
    two.world.beforeCommit = (commit) => {
      if (commit.page.entries.some(({ event }) => event.type === 'step.started')) driver.handOver();
    };
    expect(await over).toBe('handed-over');
    two.world.beforeCommit = () => undefined;
    expect(await two.dispatch((await two.drive()).over)).toBe('ended');
    expect(two.events('step.attention')).toEqual([]);
    expect(two.result).toMatchObject({ status: 'succeeded' });
    const stepOf = (call: string): string => call.slice(0, call.indexOf('#'));
    const acted = [...two.here.calls, ...two.there.calls].map(stepOf).sort();
    expect(acted).toEqual(items(0, 8).map(stepOf).sort());
  });
});

describe('an executor that is lost', () => {
  async function lost(effects: string): Promise<void> {
    two = new TwoWorkers(manifest(5, { effects }), { there: untilStopped });
    const { over } = await two.drive();
    await two.dispatched();
    // It has room for one of two, and dies executing it.
    const dying = await performNext(two.world, two.dependencies(two.there, 1));
    for (let round = 0; round < 100 && two.there.calls.length < 1; round++) await pause();
    two.world.assignments.sweep();
    expect(await dying?.performed).toBe('lost');
    const third = new Acting(ok);
    const isOver = (): boolean => (effects === 'once' ? third.calls.length === 2 : two.events('run.ended').length > 0);
    for (let round = 0; round < 400 && !isOver(); round++) {
      await performNext(two.world, two.dependencies(third, 100)).then((next) => next?.performed);
      await pause();
    }
    if (effects !== 'once') expect(await over).toBe('ended');
    expect(third.calls.slice().sort()).toEqual([item(3), item(4)]);
  }

  it('has what it had begun executed again by the driver, under the next number; what it had not is the next one’s', async () => {
    await lost('idempotent');
    expect(two.result).toMatchObject({ status: 'succeeded' });
    expect(two.here.calls.slice().sort()).toEqual([item(0), item(1), item(2, 2)]);
    expect(two.events('log.cut')).toHaveLength(1);
  });

  it('has a person asked where a step may act once only', async () => {
    await lost('once');
    expect(two.here.calls).toEqual([item(0), item(1)]);
    expect(two.events('step.attention')).toMatchObject([{ step: 'fan[2]::act' }]);
  });
});

describe('what is told by rows', () => {
  it('is not executed if no driver has written it: it comes back', async () => {
    two = new TwoWorkers(manifest(4));
    const { over } = await two.drive();
    await two.dispatched();
    const [stored] = two.world.assignments.stored;
    if (!stored) throw new Error('nothing offered');
    stored.body = stored.body.replace('"item":2', '"item":7');
    expect(await two.dispatch(over)).toBe('ended');
    expect(two.there.calls).toEqual([item(3)]);
    expect(two.world.alarms).toMatchObject([{ code: 'ASSIGNMENT_TAMPERED' }]);
    expect(two.here.calls.slice().sort()).toEqual([item(0), item(1), item(2, 2)]);
    expect(two.result).toMatchObject({ status: 'succeeded' });
  });

  it('changes nothing if no executor has written it', async () => {
    two = new TwoWorkers(manifest(3));
    const { over } = await two.drive();
    const [assignment] = await two.dispatched();
    const body = { type: 'attempt.succeeded', step: 'fan[2]::act', execution: 1, outputs: null } as const;
    two.world.post(two.run, {
      ...{ type: 'assignment.reported', runId: two.run, assignment: assignment?.name ?? '', fence: 1, number: 1 },
      ...{ worker: {} as never, reported: [{ kind: 'given', body: body as never }], values: {}, refused: false },
      mac: 'ab'.repeat(32),
    } as never);
    for (let round = 0; round < 100 && two.world.alarms.length === 0; round++) await pause();
    expect(two.world.alarms).toMatchObject([{ code: 'REPORT_UNSIGNED' }]);
    expect(two.events('step.ended').filter((event) => (event as { step: string }).step === 'fan[2]::act')).toEqual([]);
    expect(await two.dispatch(over)).toBe('ended');
    expect(two.there.calls).toEqual([item(2)]);
  });

  it('holds no secret and no sensitive input, and its mac is for nothing else', async () => {
    two = new TwoWorkers(manifest(3));
    const { over } = await two.drive();
    const [assignment] = await two.dispatched();
    expect(assignment).toMatchObject({
      step: 'fan',
      name: item(2),
      items: [{ step: 'fan[2]::act', attempt: 1, scope: { item: 2 } }],
    });
    const [stored] = two.world.assignments.stored;
    expect(stored?.mac).toBe(
      two.dependencies(two.here, 1).mac(assignmentText(canonical(assignment as unknown as Json))),
    );
    expect(stored?.mac).not.toBe(two.dependencies(two.here, 1).mac(stored?.body ?? ''));
    two.close();
    await over;
  });
});

describe('a cancel', () => {
  it('stops what is lent: what has not begun never does, and the run is over when all have answered', async () => {
    two = new TwoWorkers(manifest(8), { here: untilStopped, there: untilStopped });
    const { over } = await two.drive();
    await two.dispatched();
    const other = await performNext(two.world, two.dependencies(two.there, 3));
    for (let round = 0; round < 100 && two.there.calls.length < 3; round++) await pause();
    two.world.post(two.run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 'ada' }, reason: 'no', force: false });
    expect(await other?.performed).toBe('answered');
    expect(await two.dispatch(over)).toBe('ended');
    expect(two.there.calls).toEqual(items(2, 5));
    expect(two.result).toMatchObject({ status: 'cancelled' });
    expect(two.world.assignments.stored).toEqual([]);
  });
});

describe('an attempt that takes too long elsewhere', () => {
  it('is stopped there, and tried again as the pack says', async () => {
    let tries = 0;
    const slow: Act = (request, report) => (++tries === 1 ? untilStopped(request, report) : ok(request, report));
    two = new TwoWorkers(manifest(3, { step: 'retries: { maxAttempts: 2, backoff: 0s, attemptTimeout: 1s },' }), {
      there: slow,
    });
    expect(await two.dispatch((await two.drive()).over)).toBe('ended');
    expect(two.result).toMatchObject({ status: 'succeeded' });
    expect(two.events('attempt.failed')).toMatchObject([{ step: 'fan[2]::act', code: 'ATTEMPT_TIMEOUT' }]);
  }, 20_000);
});

describe('a secret', () => {
  const SECRET = 'hunter2-hunter2-hunter2';
  const vault = (value: string): Partial<DriverDependencies> => {
    const binding = { name: 'deploy', provider: 'vault', ref: 'deploy', tenants: ['acme'], packs: ['*'] };
    const rest = { signedBy: ['unsigned'], requireGate: false, requireSealed: false, rotation: 'refuse' as const };
    const provider = { read: async () => ({ value: new TextEncoder().encode(value), version: null }) };
    return {
      secrets: {
        bindings: [{ ...binding, ...rest }],
        providers: new Map([['vault', provider]]),
        sensitive: null,
        providerFailed: () => undefined,
      },
    };
  };
  const text = packText(
    `- id: fan
  map:
    items: [0, 1, 2, 3]
    maxParallel: 4
    steps: [ { id: act, run: { uses: "builtin:command", with: { command: [act] }, env: { S: SECRET_OF_TEST } } } ]
`,
  );
  const start = (): TwoWorkers => {
    const quiet: Act = ({ env }) => ({ kind: 'succeeded', outputs: { known: env['S'] === SECRET } });
    return new TwoWorkers(
      text,
      { here: quiet, there: quiet },
      [{ name: 'deploy', provider: 'vault' }],
      'builtin:command',
    );
  };

  it('is read by whoever executes, never sent', async () => {
    two = start();
    const { over } = await two.drive(vault(SECRET));
    await two.dispatched();
    expect(JSON.stringify(two.world.assignments.stored.map(({ body }) => body))).not.toContain(SECRET);
    expect(await two.dispatch(over, 100, vault(SECRET))).toBe('ended');
    expect(two.there.calls).toHaveLength(2);
    expect(two.world.rows.get(two.run)?.get('fan[3]::act')?.outputs).toEqual({ known: true });
  });

  it('that is another one there is not used: the step fails', async () => {
    two = start();
    const { over } = await two.drive(vault(SECRET));
    await two.dispatched();
    expect(await two.dispatch(over, 100, vault(`${SECRET}-changed`))).toBe('ended');
    expect(two.there.calls).toEqual([]);
    expect(two.result).toMatchObject({ status: 'failed', error: { code: 'SECRET_CHANGED' } });
  });
});

describe('a step behind a gate', () => {
  const gated = (reads: string): string =>
    manifest(4, {
      spec: 'approvals: [ { id: go } ]',
      before: `- { id: made, run: { uses: "builtin:noop", with: { v: 1 } } }\n- { id: ask, gate: { approval: go } }\n`,
      with: reads,
    });

  it('is lent as long as nothing that the gate has bound can change', async () => {
    two = new TwoWorkers(gated('n: "{{ item }}", v: "{{ steps.made.outputs.v }}"'));
    expect(await (await two.drive()).over).toBe('parked');
    two.world.decide(two.run, 'ask', 'grace');
    expect(await two.dispatch((await two.drive()).over)).toBe('ended');
    expect(two.result).toMatchObject({ status: 'succeeded' });
    expect(two.there.calls).toEqual(items(2, 4));
  });

  it('is not lent where the gate has bound which steps failed, since more may fail until it begins', () => {
    expect(mayChange({ 'failed()': digestOf(['a']), made: digestOf(1) })).toBe(true);
    expect(mayChange({ 'inputs(p)': digestOf(1), made: digestOf(1) })).toBe(false);
  });

  it('does not begin elsewhere when its approval no longer allows it', async () => {
    two = new TwoWorkers(gated('n: "{{ item }}"'));
    expect(await (await two.drive()).over).toBe('parked');
    two.world.decide(two.run, 'ask', 'grace');
    const { over } = await two.drive();
    await two.dispatched();
    two.world.at += 400 * 24 * 3_600_000;
    expect(await two.dispatch(over)).toBe('ended');
    expect(two.there.calls).toEqual([]);
    expect(two.result).toMatchObject({ status: 'failed', error: { code: 'GATE_EXPIRED' } });
  });
});
