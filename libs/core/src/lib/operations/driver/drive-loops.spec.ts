import { MemoryWorld, type NamedExecutor } from '../../../testing/memory/memory-world';
import { packText, planned } from '../../../testing/planning';
import { entryShape } from '../../evidence/records/journal-shape';
import type { RunId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver } from './drive-run';

// Loops in the real driver, from manifests: values, rows, parking, crashes.

class Acting extends Executor {
  readonly seen: Json[] = [];

  constructor(
    readonly uses: string,
    private readonly act: (request: ExecutionRequest, calls: number) => Outcome | Promise<Outcome>,
  ) {
    super();
  }

  async execute(request: ExecutionRequest): Promise<Outcome> {
    this.seen.push(request.with);
    return this.act(request, this.seen.length);
  }
}

const noop = (): Acting => new Acting('builtin:noop', (request) => ({ kind: 'succeeded', outputs: request.with }));
const command = (act: (request: ExecutionRequest, calls: number) => Outcome | Promise<Outcome>): Acting =>
  new Acting('builtin:command', act);

/** Drives a run until it ends, waiting as long as requested. Returns the number of claims. */
async function toEnd(world: MemoryWorld, run: RunId, executors: readonly NamedExecutor[]): Promise<number> {
  for (let claims = 1; ; claims++) {
    const driver = await RunDriver.open(world.dependencies(executors), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    if ((await driver.drive()) === 'ended') return claims;
    world.at = Math.max(world.at, world.run(run).dueAt ?? world.at);
  }
}

function submit(world: MemoryWorld, steps: string, more = ''): RunId {
  return world.submit(planned(packText(steps, more)).plan);
}

async function outputsOf(steps: string, value: string, executors: readonly NamedExecutor[] = [noop()]): Promise<Json> {
  const world = new MemoryWorld();
  const run = submit(world, `${steps}\n- { id: out, run: { uses: "builtin:noop", with: { x: "{{ ${value} }}" } } }`);
  await toEnd(world, run, executors);
  const { status, error } = world.run(run).run as unknown as { status: string; error: JsonObject };
  const seen = world.rows.get(run)?.get('out')?.outputs as JsonObject | null;
  return status === 'succeeded' ? (seen?.['x'] ?? null) : (error['code'] ?? null);
}

const body = (read: string): string => `[ { id: b, run: { uses: "builtin:noop", with: { x: "{{ ${read} }}" } } } ]`;
const loop = (fields: string, read: string): string => `- { id: l, loop: { ${fields}, body: ${body(read)} } }`;

describe('what a loop sees and yields', () => {
  it.each<[string, string, string, Json]>([
    ['a range', loop('items: { range: { start: 4, end: 0, step: -2 } }', 'item'), 'steps.l.outputs[].x', [4, 2, 0]],
    ['a list', loop('items: { static: [a, b] }', 'item'), 'steps.l.outputs[].x', ['a', 'b']],
    ['its index under a name', loop('index: n, items: { static: [a, b] }', 'n'), 'steps.l.outputs[].x', [0, 1]],
    [
      'previous',
      loop('items: { range: { start: 1, end: 4 } }', 'item + (previous.x || 0)'),
      'steps.l.outputs[].x',
      [1, 3, 6, 10],
    ],
    [
      'previous, null at first',
      loop('items: { static: [1, 2] }', 'previous == null'),
      'steps.l.outputs[].x',
      [true, false],
    ],
    ['the last alone', loop('aggregation: last, items: { static: [1, 2, 3] }', 'item'), 'steps.l.outputs.x', 3],
    ['how many iterations', loop('until: "{{ steps.b.outputs.x == 2 }}"', 'index'), 'steps.l.iterations', 3],
    ['until over previous', loop('until: "{{ previous.x == 1 }}"', 'index'), 'steps.l.iterations', 3],
    ['no items', loop('items: { static: [] }', 'item'), 'steps.l.outputs', []],
    [
      'more items than iterations',
      '- { id: a, run: { uses: "builtin:noop", with: { all: [1, 2, 3] } } }\n' +
        loop('maxIterations: 2, items: { expression: "{{ steps.a.outputs.all }}" }', 'item'),
      'steps.l.outputs[].x',
      [1, 2],
    ],
    [
      'a long range',
      '- { id: a, run: { uses: "builtin:noop", with: { n: 9007199254740991 } } }\n' +
        loop('maxIterations: 2, items: { range: { start: 1, end: "{{ steps.a.outputs.n }}" } }', 'item'),
      'steps.l.outputs[].x',
      [1, 2],
    ],
    [
      'a range that counts by 0',
      '- { id: a, run: { uses: "builtin:noop", with: { n: 0 } } }\n' +
        loop('items: { range: { start: 1, end: 3, step: "{{ steps.a.outputs.n }}" } }', 'item'),
      'steps.l.outputs',
      'LOOP_RANGE',
    ],
    [
      'until that is no condition in the run',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] } } }\n' +
        loop('until: "{{ steps.a.outputs.flag }}"', 'index'),
      'steps.l.outputs',
      'EXPR_TYPE',
    ],
    [
      'until that never holds',
      loop('maxIterations: 3, until: "{{ index == 7 }}"', 'index'),
      'steps.l.outputs',
      'LOOP_EXHAUSTED',
    ],
    [
      'a loop in a loop',
      `- { id: o, loop: { items: { static: [10, 20] }, index: i, iterator: outer, body: [ ${loop('items: { range: { start: 1, end: 2 } }', 'outer + item + (previous.x || 0)').slice(2)} ] } }`,
      'steps.o.outputs[][].x',
      [11, 23, 21, 43],
    ],
    [
      'a map in a loop, which reads previous',
      `- { id: l, loop: { items: { static: [1, 2] }, iterator: turn, index: i, body: [ { id: m, map: { items: [1, 2], step: { id: b, run: { uses: "builtin:noop", with: { x: "{{ length(previous || \`[]\`) + item }}" } } } } } ] } }`,
      'steps.l.outputs[][].x',
      [1, 2, 3, 4],
    ],
    [
      'what it declares',
      '- { id: l, loop: { items: { static: [1, 2] }, outputs: { sum: "{{ steps.b.outputs.x + (previous.sum || 0) }}" }, body: ' +
        body('item') +
        ' } }',
      'steps.l.outputs[].sum',
      [1, 3],
    ],
  ])('%s', async (_what, steps, value, expected) => {
    const acting = command(() => ({ kind: 'succeeded', outputs: { flag: 'no', exitCode: 0 } }));
    expect(await outputsOf(steps, value, [noop(), acting])).toEqual(expected);
  });

  it('puts null where an iteration failed, fails at the end, and previous is null after it', async () => {
    const acting = command((_request, calls) =>
      calls === 2
        ? { kind: 'failed', code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 }
        : { kind: 'succeeded', outputs: { n: calls } },
    );
    const world = new MemoryWorld();
    const run = submit(
      world,
      `- { id: l, loop: { continueOnError: true, items: { static: [1, 2, 3] }, body: [ { id: b, run: { uses: "builtin:command", with: { command: [x, "{{ previous.n || 'none' }}"] } } } ] } }
- { id: after, runOn: always, run: { uses: "builtin:noop", with: { all: "{{ steps.l.outputs }}", code: "{{ steps.l.error.code }}", made: "{{ steps.l.iterations }}" } } }`,
    );
    await toEnd(world, run, [noop(), acting]);
    expect(acting.seen.map((one) => (one as { command: Json }).command)).toEqual([
      ['x', 'none'],
      ['x', 1],
      ['x', 'none'],
    ]);
    expect(world.rows.get(run)?.get('after')?.outputs).toEqual({
      all: [{ n: 1 }, null, { n: 3 }],
      code: 'EXIT_1',
      made: 3,
    });
    expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code: 'EXIT_1' } });
  });
});

describe('a loop with more items than iterations', () => {
  it.each([
    ['{ expression: "{{ steps.a.outputs.list }}" }', 4, 3],
    ['{ range: { start: 1, end: "{{ steps.a.outputs.list[3] }}" } }', 4, 3],
    ['{ expression: "{{ steps.a.outputs.list }}" }', 4, null],
  ])('says what it leaves out of %s, in the journal and in the log', async (items, count, most) => {
    const world = new MemoryWorld();
    const list = [1, 2, 3, 4];
    const limit = most === null ? '' : `maxIterations: ${most},`;
    const run = submit(
      world,
      `- { id: a, run: { uses: "builtin:noop", with: { list: ${JSON.stringify(list)} } } }
- { id: l, loop: { items: ${items}, ${limit} body: ${body('item')} } }`,
    );
    await toEnd(world, run, [noop()]);
    const events = (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event));
    const notes = events.filter(({ type }) => type === 'note');
    const chunks = await world.dependencies([]).logs.read(world.run(run).claimed.tenant, run, 0, 9);
    const lines = chunks.map(({ step, attempt, data }) => [step, attempt, new TextDecoder().decode(data)]);
    if (most === null) {
      expect([notes, lines]).toEqual([[], []]);
      return;
    }
    expect(notes).toEqual([
      { type: 'note', code: 'LOOP_ITEMS_LIMIT', detail: { step: 'l', items: count, maxIterations: most } },
    ]);
    const text =
      'wLOOP_ITEMS_LIMIT: there are 4 items, and the loop makes 3 iterations: 1 items are left out (maxIterations)\n';
    expect(lines).toEqual([['l', null, text]]);
    // What a verifier takes for an entry.
    const faults: string[] = [];
    for (const { entries } of world.pages.get(run) ?? [])
      for (const entry of entries)
        entryShape(entry as unknown as Json, '', (path, message) => faults.push(`${path}: ${message}`));
    expect(faults).toEqual([]);
    expect(world.rows.get(run)?.get('l')).toMatchObject({ status: 'succeeded', children: 3 });
  });
});

const POLL = `
- id: poll
  loop:
    until: "{{ steps.state.outputs.phase == 'ready' }}"
    delay: 60s
    maxIterations: 9
    aggregation: last
    body: [ { id: state, run: { uses: "builtin:command", with: { command: [state, "{{ index }}"] } } } ]
- { id: after, run: { uses: "builtin:noop", with: { phase: "{{ steps.poll.outputs.phase }}", times: "{{ steps.poll.iterations }}" } } }
`;
const readyAfter = (calls: number): Acting =>
  command((_request, made) => ({ kind: 'succeeded', outputs: { phase: made >= calls ? 'ready' : 'pending' } }));

describe('a loop that polls', () => {
  it('parks between iterations, is due when its delay is over, and says so', async () => {
    const world = new MemoryWorld();
    const run = submit(world, POLL);
    const acting = readyAfter(3);
    const driver = await RunDriver.open(world.dependencies([noop(), acting]), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    expect(await driver.drive()).toBe('parked');
    expect(world.run(run).dueAt).toBe(world.at + 60_000);
    expect(world.run(run).run).toMatchObject({ status: 'waiting', waits: [{ kind: 'delay', id: 'poll' }] });
    expect(world.rows.get(run)?.get('poll')).toMatchObject({
      kind: 'loop',
      status: 'waiting',
      reason: 'DELAY',
      nextAttemptAt: world.at + 60_000,
      children: 1,
    });
    expect(world.rows.get(run)?.get('poll[0]')).toMatchObject({ kind: 'item', parent: 'poll', status: 'succeeded' });
    world.at += 60_000;
    expect(await toEnd(world, run, [noop(), acting])).toBe(2);
    expect(world.rows.get(run)?.get('after')?.outputs).toEqual({ phase: 'ready', times: 3 });
    expect(world.rows.get(run)?.get('poll')).toMatchObject({
      status: 'succeeded',
      children: 3,
      outputs: { phase: 'ready' },
    });
  });

  it('survives the death of its worker within an iteration and in the delay', async () => {
    const world = new MemoryWorld();
    const run = submit(world, POLL);
    let release: (outcome: Outcome) => void = () => undefined;
    const hang = command(() => new Promise<Outcome>((resolve) => (release = resolve)));
    const dying = await RunDriver.open(world.dependencies([noop(), hang]), world.claim(run));
    if (typeof dying === 'string') throw new Error('halted');
    const dead = dying.drive();
    while (hang.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const acting = readyAfter(2);
    const next = await RunDriver.open(world.dependencies([noop(), acting]), world.claim(run, true));
    if (typeof next === 'string') throw new Error('halted');
    expect(await next.drive()).toBe('parked');
    world.at += 30_000;
    const early = await RunDriver.open(world.dependencies([noop(), acting]), world.claim(run, true));
    if (typeof early === 'string') throw new Error('halted');
    expect(await early.drive()).toBe('parked');
    expect(acting.seen).toHaveLength(1);
    world.at = world.run(run).dueAt ?? 0;
    await toEnd(world, run, [noop(), acting]);
    expect(acting.seen).toHaveLength(2);
    expect(world.rows.get(run)?.get('after')?.outputs).toEqual({ phase: 'ready', times: 2 });
    release({ kind: 'succeeded', outputs: { phase: 'ready' } });
    expect(await dead).toBe('claim-lost');
  });

  it('is cancelled in its delay at once', async () => {
    const world = new MemoryWorld();
    const run = submit(world, POLL);
    const acting = readyAfter(3);
    const driver = await RunDriver.open(world.dependencies([noop(), acting]), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    await driver.drive();
    world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: 'no', force: false });
    expect(await toEnd(world, run, [noop(), acting])).toBe(1);
    expect(world.run(run).status).toBe('cancelled');
    expect(world.rows.get(run)?.get('poll')).toMatchObject({ status: 'cancelled', reason: 'RUN_CANCELLED' });
  });
});

describe('the outputs of a run', () => {
  it('are answered as before: they are of no step that could leave out items', async () => {
    const world = new MemoryWorld();
    const outputs = 'outputs: [ { name: said, type: string, value: "{{ steps.a.outputs.said }}" } ]';
    const run = submit(world, '- { id: a, run: { uses: "builtin:noop", with: { said: hello } } }', outputs);
    await toEnd(world, run, [noop()]);
    expect(world.run(run).run).toMatchObject({ status: 'succeeded', outputs: { said: 'hello' } });
  });
});

describe('a page of artifacts', () => {
  it('lists what its iterations left behind', async () => {
    const world = new MemoryWorld();
    const run = submit(
      world,
      `- { id: pages, loop: { items: { static: [a, b] }, body: [ { id: page, run: { uses: "builtin:command", with: { command: [x] }, artifacts: [ { name: events, path: out/e } ] } } ] } }
- { id: all, run: { uses: "builtin:noop", with: { from: "{{ steps.pages.artifacts.events[].step }}" } } }`,
    );
    class Capturing extends Executor {
      readonly uses = 'builtin:command';
      async execute(
        { step, execution }: ExecutionRequest,
        report: Parameters<Executor['execute']>[1],
      ): Promise<Outcome> {
        const digest = `sha256:${'1'.repeat(64)}` as never;
        report.fact({
          type: 'artifact.captured',
          step,
          execution,
          name: 'events',
          path: 'out/e',
          digest,
          size: 1,
          mediaType: 'text/plain',
        });
        return { kind: 'succeeded', outputs: {} };
      }
    }
    await toEnd(world, run, [noop(), new Capturing()]);
    expect(world.rows.get(run)?.get('all')?.outputs).toEqual({ from: ['pages[0]::page', 'pages[1]::page'] });
  });
});
