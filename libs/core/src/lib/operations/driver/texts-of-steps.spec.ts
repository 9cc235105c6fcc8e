import fc from 'fast-check';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { aBlock, aPlan, aRunNode, testDefaults, testRules } from '../../../testing/random/random-plan';
import { searchedCases } from '../../../testing/runs-of-laws';
import { factsOf } from '../../evidence/records/run-facts';
import { stepRecords } from '../../evidence/records/step-records';
import type { RunId, StepId } from '../../foundation/ids';
import { indexPlan } from '../../plan/plan-index';
import type { Node } from '../../plan/plan';
import type { Commit } from '../../ports/runs/committer';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { digestOf } from '../../canonical/digest';
import { RunDriver } from './drive-run';

// Texts that steps produce become rows. U+0000 and unpaired surrogates in them must end neither the run nor the knowledge of an outcome.

/** Executes `act`, which is a `once` step, with an outcome; every other step succeeds. */
class Acting extends Executor {
  readonly uses = 'builtin:command';
  constructor(private readonly act: (report: ExecutionReport) => Outcome) {
    super();
  }
  async execute({ step }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    return step === 'act' ? this.act(report) : { kind: 'succeeded', outputs: {} };
  }
}

const each = {
  ...{ kind: 'map', id: 'each', name: null, when: null, needs: ['act'], stated: false, runOn: 'success' },
  ...{
    timeoutMs: null,
    workers: [],
    items: '{{ steps.act.outputs.all }}',
    iterator: 'n',
    index: 'i',
    label: '{{ n }}',
  },
  ...{ maxItems: 10, width: 1, continueOnError: false, outputs: null },
  body: aBlock([aRunNode('one', { uses: 'builtin:command', effects: 'idempotent' })]),
} as unknown as Node;
const plan = aPlan(aBlock([aRunNode('act', { uses: 'builtin:command', effects: 'once' }), each]));
const index = indexPlan(plan, digestOf('plan'), testDefaults, testRules);

async function driven(act: (report: ExecutionReport) => Outcome, refuses: (commit: Commit) => boolean = () => false) {
  const world = new MemoryWorld();
  const run = world.submit(plan);
  const dependencies = world.dependencies([new Acting(act)]);
  const { committer } = dependencies;
  const commit: typeof committer.commit = async (one) =>
    refuses(one) ? { kind: 'refused', message: 'no' } : committer.commit(one);
  const driver = await RunDriver.open({ ...dependencies, committer: { commit } }, world.claim(run));
  if (typeof driver === 'string') throw new Error(driver);
  return { outcome: await driver.drive(), world, run };
}

function recordOf(world: MemoryWorld, run: RunId, step: string) {
  return stepRecords(index, factsOf(world.pages.get(run) ?? [])).find(({ id }) => id === step);
}

it('a label that an output makes is stored with a replacement for U+0000, and not cut within a character', async () => {
  const all = ['a\0b', `${'x'.repeat(199)}😀`];
  const { outcome, world, run } = await driven(() => ({ kind: 'succeeded', outputs: { all } }));
  expect([outcome, world.run(run).status, world.alarms]).toEqual(['ended', 'succeeded', []]);
  const labels = [0, 1].map((item) => world.rows.get(run)?.get(`each[${item}]`)?.label);
  expect(labels).toEqual(['a\ufffdb', `${'x'.repeat(199)}\ufffd`]);
});

it('whatever texts steps produce, their rows are stored and their outcomes are known', async () => {
  const part = fc.constantFrom('a', 'é', '\0', '\ud800', '\udc00', '😀', '\n', '\u2028');
  const texts = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const cases = fc.record({
    all: fc.array(
      texts.map((text) => text.toWellFormed()),
      { maxLength: 3 },
    ),
    fact: texts,
    failure: fc.option(fc.record({ code: texts, message: texts })),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ all, fact, failure }) => {
      const { outcome, world, run } = await driven((report) => {
        const size = { digest: digestOf('x'), size: 1 };
        const captured = { name: fact, path: fact, mediaType: fact, ...size };
        report.fact({ type: 'artifact.captured', step: 'act' as StepId, execution: 1, ...captured });
        report.fact({ type: 'note', code: 'TEST', detail: { [fact]: [fact] } });
        return failure === null
          ? { kind: 'succeeded', outputs: { all } }
          : { kind: 'failed', ...failure, retryable: false, exitCode: 1 };
      });
      expect([outcome, world.alarms]).toEqual(['ended', []]);
      expect(world.run(run).status).toBe(failure === null ? 'succeeded' : 'failed');
      expect(recordOf(world, run, 'act')).toMatchObject({ status: failure === null ? 'succeeded' : 'failed' });
      expect(
        JSON.stringify([...(world.rows.get(run)?.values() ?? [])].map(({ label, reason }) => [label, reason])),
      ).not.toMatch(/\\u0000|\\ud[89a-f]/);
    }),
    searchedCases(30, 2_000),
  );
});

describe('the outcome of a step that acts once, if the database refuses the turn', () => {
  const opens = ({ steps }: Commit) => steps.some(({ step }) => step.startsWith('each['));
  const succeeds = ({ page }: Commit) => page.entries.some(({ event }) => event.type === 'attempt.succeeded');
  const succeeded = (): Outcome => ({ kind: 'succeeded', outputs: { all: ['a'] } });

  it('is kept if something else of the turn is refused', async () => {
    const { outcome, world, run } = await driven(succeeded, opens);
    expect([outcome, world.run(run).run]).toMatchObject([
      'ended',
      { status: 'failed', error: { code: 'ENGINE_COMMIT_REFUSED' } },
    ]);
    expect(recordOf(world, run, 'act')).toMatchObject({ status: 'succeeded' });
  });

  it('is known to have failed to be stored if its own content is refused', async () => {
    const { outcome, world, run } = await driven(succeeded, succeeds);
    expect([outcome, world.run(run).status]).toEqual(['ended', 'failed']);
    expect(world.rows.get(run)?.get('act')).toMatchObject({
      status: 'failed',
      reason: 'ENGINE_COMMIT_REFUSED',
      error: { message: 'the step succeeded, but the database refused its results' },
    });
    expect(JSON.stringify(recordOf(world, run, 'act'))).not.toContain('unknown');
  });

  it('is not made up if no outcome can be stored: the run is halted', async () => {
    const { outcome, world, run } = await driven(succeeded, ({ steps }) =>
      steps.some(({ status }) => status !== 'running'),
    );
    expect([outcome, world.run(run).halted]).toEqual(['halted', 'ENGINE_COMMIT_REFUSED']);
    expect(world.rows.get(run)?.get('act')?.status).toBe('running');
  });
});

it('the text of frequent entries is made without a sorted copy: their members are in canonical order', async () => {
  const pages: Commit['page'][] = [];
  const acting = (): Outcome => ({ kind: 'succeeded', outputs: { all: [1, 2] } });
  await driven(acting, ({ page }) => (pages.push(page), false));
  const frequent = ['attempt.succeeded', 'step.started', 'step.ended', 'step.opened'];
  const events = pages.flatMap(({ entries }) => entries.map(({ event }) => event));
  for (const type of frequent) expect(events.map((event) => event.type)).toContain(type);
  const outOfOrder = (value: object): boolean => Object.keys(value).join() !== Object.keys(value).sort().join();
  for (const event of events.filter(({ type }) => frequent.includes(type)))
    for (const part of [event, ...Object.values(event)])
      if (part !== null && typeof part === 'object' && outOfOrder(part)) throw new Error(JSON.stringify(event));
});
