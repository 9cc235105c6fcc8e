import { MemoryWorld, type NamedExecutor } from '../../../testing/memory/memory-world';
import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import type { Commit } from '../../ports/runs/committer';
import { RunDriver } from '../driver/drive-run';

class Scripted extends Executor {
  readonly uses = 'builtin:command';

  constructor(private readonly act: (request: ExecutionRequest) => Outcome) {
    super();
  }

  async execute(request: ExecutionRequest): Promise<Outcome> {
    return this.act(request);
  }
}

const hits: Outcome = { kind: 'succeeded', outputs: { hits: 2 } };
const failure: Outcome = { kind: 'failed', code: 'EXIT_1', message: 'no\0route', retryable: false, exitCode: 1 };
const plan = aPlan(aBlock([aRunNode('scan', { uses: 'builtin:command', effects: 'idempotent' })]), {
  inputs: { image: 'web' },
  messages: {
    success: '{{ steps.scan.outputs.hits }} hits in {{ inputs.image }}',
    failure: '{{ failed }}: {{ steps.scan.error.message }}',
  },
});

async function drive(world: MemoryWorld, run: ReturnType<MemoryWorld['submit']>, executor: NamedExecutor) {
  const driver = await RunDriver.open(world.dependencies([executor]), world.claim(run, false));
  if (typeof driver === 'string') throw new Error(driver);
  return driver.drive();
}

describe('the message of a run', () => {
  it.each<[string, Outcome, object]>([
    ['a success', hits, { status: 'succeeded', message: { text: '2 hits in web' } }],
    ['a failure', failure, { status: 'failed', message: { text: '["scan"]: no\ufffdroute' } }],
    [
      'a success that does not have what it reads',
      { kind: 'succeeded', outputs: {} },
      { status: 'succeeded', error: null, message: { error: { code: 'EXPR_NULL' } } },
    ],
  ])('is in the row of %s, and its value in the page that ends it', async (_what, outcome, row) => {
    const world = new MemoryWorld();
    const run = world.submit(plan, { image: 'web' });
    expect(await drive(world, run, new Scripted(() => outcome))).toBe('ended');
    const stored = world.run(run).run;
    expect(stored).toMatchObject(row);
    const page = world.pages.get(run)?.at(-1);
    const end = page?.entries.at(-1)?.event;
    if (end?.type !== 'run.ended') throw new TypeError('the run has not ended');
    const text = stored?.message && 'text' in stored.message ? stored.message.text : undefined;
    expect(end.message && page?.values[end.message.digest]).toBe(text);
  });

  it('is null until the run has ended', async () => {
    const world = new MemoryWorld();
    const run = world.submit(plan, { image: 'web' });
    const rows: Commit['run'][] = [];
    world.beforeCommit = (commit) => void rows.push(commit.run);
    expect(await drive(world, run, new Scripted(() => hits))).toBe('ended');
    expect(rows.map(({ message }) => message).filter((message) => message !== null)).toHaveLength(1);
    expect(rows.at(-1)?.message).toEqual({ text: '2 hits in web' });
  });

  it('is not evaluated in a run that has killed its process', async () => {
    const world = new MemoryWorld();
    const run = world.submit(plan, { image: 'web' });
    world.run(run).crashes = 20;
    expect(await drive(world, run, new Scripted(() => hits))).toBe('ended');
    expect(world.run(run).run).toMatchObject({
      ...{ status: 'failed', error: { code: 'POISON' } },
      message: { error: { code: 'POISON' } },
    });
  });
});
