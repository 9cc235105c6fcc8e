import { planningContextOf, type PlanningContext, type PlanningSetting } from '@taskrunner/core/operations';
import { PlannerError, type PlanningLimits } from '@taskrunner/core/ports';
import { packText, plannerContract, searched, testConfiguration, testEnvironment } from '@taskrunner/core/testing';
import { cedarEngine } from '../policies/cedar-engine';
import { PlanningThreads } from './planning-threads';

const MIB = 1024 ** 2;
const setting: PlanningSetting = { environment: testEnvironment, configuration: testConfiguration };
const limits: PlanningLimits = { memory: 256 * MIB, time: 20_000, threads: 1, queue: 16 };
const asker = { tenant: 'acme', signers: [] };
const supplied = (manifest: string) => ({ source: { manifest, hasLines: true, files: [] }, inputs: {}, asker });
const SMALL = supplied(packText('- { id: s, run: { uses: "builtin:noop" } }'));
/** Much to parse and to hold. The last character is not supported by the plain reader, so the full reader is used. */
const HUGE = supplied(
  `${packText(
    '- { id: s, run: { uses: "builtin:noop" } }',
    `inputs: [{ name: xs, type: array, default: [${Array(700_000).fill('[0]').join(',')}] }]`,
  )}\n# …\n`,
);

const opened: PlanningThreads[] = [];
function threads(
  more: Partial<PlanningLimits> = {},
  context: PlanningContext = planningContextOf(setting),
): PlanningThreads {
  const planner = new PlanningThreads(context, { ...limits, ...more });
  opened.push(planner);
  return planner;
}
afterAll(async () => {
  await Promise.all(opened.map((planner) => planner.close()));
});

const refusal = async (asked: Promise<unknown>): Promise<readonly [string, string]> => {
  const error: unknown = await asked.then(() => 'answered').catch((thrown: unknown) => thrown);
  if (!PlannerError.is(error)) throw new Error(`no refusal: ${String(error)}`);
  return [error.code, error.message];
};

/** The refusal of a caller who asks again, as one is told to, while the machine is too busy. */
async function lastRefusal(ask: () => Promise<unknown>): Promise<readonly [string, string]> {
  for (let tries = 1; ; tries++) {
    const found = await refusal(ask());
    if (found[0] !== 'PLANNER_BUSY' || tries === 5) return found;
  }
}

describe('planning threads', () => {
  const planner = threads({ threads: 2 });
  it.each(plannerContract(async () => ({ planner, close: async () => undefined })))('$name', ({ run }) => run());

  it('know the policy engines of the installation', async () => {
    const policy =
      'policies: [{ id: p, engine: cedar, source: "permit(principal, action, resource);", level: advisory }]';
    const pack = supplied(packText('- { id: s, run: { uses: "builtin:noop" } }', policy));
    const context = { setting, policyEngines: { cedar: cedarEngine } };
    expect(await threads({}, context).ask('acme', 'plan', pack)).toMatchObject({ kind: 'planned' });
    expect(await threads().ask('acme', 'plan', pack)).toMatchObject({ kind: 'refused' });
  });

  it('ends with its thread what takes too long, and nothing else', async () => {
    const one = threads({ time: 1_000 });
    const late = lastRefusal(() => one.ask('acme', 'plan', HUGE));
    const other = one.ask('globex', 'plan', SMALL);
    expect(await late).toEqual(['PLAN_LIMIT', 'planning took longer than 1 s (limits.planTime)']);
    expect(await other).toMatchObject({ kind: 'planned' });
    expect(await one.ask('acme', 'plan', SMALL)).toMatchObject({ kind: 'planned' });
  });

  it('ends with its thread what takes too much memory, and nothing else', async () => {
    const one = threads({ memory: 64 * MIB, time: 120_000 });
    const heavy = refusal(one.ask('acme', 'plan', HUGE));
    const other = one.ask('globex', 'plan', SMALL);
    expect(await heavy).toEqual(['PLAN_LIMIT', 'planning needs more memory than 64 MiB (limits.planMemory)']);
    expect(await other).toMatchObject({ kind: 'planned' });
  });

  it('leaves a thread to others, however much one tenant asks', async () => {
    const two = threads({ threads: 2, time: 1_500 });
    const ended: string[] = [];
    const heavy = searched([1, 2], [1, 2, 3]).map((n) =>
      refusal(two.ask('acme', 'plan', HUGE)).then(() => ended.push(`acme ${n}`)),
    );
    await two.ask('globex', 'plan', SMALL).then(() => ended.push('globex'));
    await Promise.all(heavy);
    expect(ended).toEqual(['globex', ...heavy.map((_, at) => `acme ${at + 1}`)]);
  });

  it('refuses what waits, and goes on later, while no thread can be started', async () => {
    const one = threads({ time: 1_000 });
    const start = jest.spyOn(one as unknown as { start: () => void }, 'start').mockImplementation(() => {
      throw new Error('no script');
    });
    const asked = [HUGE, SMALL].map(async (pack) => refusal(one.ask('acme', 'plan', pack)));
    expect((await Promise.all(asked)).map(([code]) => code)).toEqual(['PLAN_LIMIT', 'PLANNER_UNAVAILABLE']);
    expect(await refusal(one.ask('acme', 'plan', SMALL))).toEqual([
      'PLANNER_UNAVAILABLE',
      'a planning thread does not start: Error: no script',
    ]);
    start.mockRestore();
    expect(await one.ask('acme', 'plan', SMALL)).toMatchObject({ kind: 'planned' });
  });

  it('refuses what has no room to wait', async () => {
    const one = threads({ queue: 4 });
    // One task is in progress, and two more of the same tenant may wait.
    const asked = [1, 2, 3, 4].map(async () => one.ask('acme', 'plan', SMALL));
    expect(await refusal(asked[3] as Promise<unknown>)).toEqual([
      'PLANNER_BUSY',
      'too many packs are waiting to be planned',
    ]);
    expect(await one.ask('globex', 'plan', SMALL)).toMatchObject({ kind: 'planned' });
    expect(await Promise.all(asked.slice(0, 3))).toHaveLength(3);
  });

  it('refuses what is asked of closed ones, and what waits when they close', async () => {
    const one = threads();
    const asked = [1, 2].map(async () => refusal(one.ask('acme', 'plan', SMALL)));
    await one.close();
    expect((await Promise.all(asked)).map(([code]) => code)).toEqual(['PLANNER_UNAVAILABLE', 'PLANNER_UNAVAILABLE']);
    expect((await refusal(one.ask('acme', 'plan', SMALL)))[0]).toBe('PLANNER_UNAVAILABLE');
  });
});
