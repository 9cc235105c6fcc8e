import { sha256 } from '../../canonical/digest';
import type { RunId } from '../../foundation/ids';
import type { GateNode, Policy } from '../../plan/plan';
import type { PolicyAnswer } from '../../policy/policy';
import { PolicyJudge } from '../../ports/packs/policy-judge';
import { aBlock, aPlan } from '../../../testing/random/random-plan';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { RunDriver } from './drive-run';

class Judge extends PolicyJudge {
  readonly asked: string[] = [];
  constructor(private readonly answer: () => Promise<PolicyAnswer>) {
    super();
  }
  async judge(_policy: unknown, _input: unknown, gate: string): Promise<PolicyAnswer> {
    this.asked.push(gate);
    return this.answer();
  }
}

const check: GateNode = {
  kind: 'gate',
  id: 'check',
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
  approval: null,
  policy: 'p',
  with: {},
  message: null,
  show: {},
  form: null,
};
const source = 'permit(principal, action, resource);';
const policy: Policy = { id: 'p', engine: 'cedar', level: 'hard-mandatory', source, digest: sha256(source) };

/** A driver that lost its run waits for input that never comes. A hand-over ends it, and so does the process. */
const opened: RunDriver[] = [];
afterEach(() => opened.splice(0).forEach((driver) => driver.handOver()));

async function drive(world: MemoryWorld, run: RunId, judge: PolicyJudge | null): Promise<string> {
  const judges = new Map(judge ? [['cedar', judge] as const] : []);
  const driver = await RunDriver.open(world.dependencies([], { judges }), world.claim(run));
  if (typeof driver === 'string') return driver;
  opened.push(driver);
  return driver.drive();
}

function submitted(world: MemoryWorld): RunId {
  return world.submit({ ...aPlan(aBlock([check])), policies: [policy] });
}

const errorOf = (world: MemoryWorld, run: RunId): unknown => world.run(run).run?.error;
const decided = (allow: boolean): PolicyAnswer => ({ kind: 'decided', allow, reasons: ['why'] });

describe('a policy whose engine is not the driver’s own', () => {
  it.each<[string, PolicyAnswer, string | null]>([
    ['allows', decided(true), null],
    ['denies', decided(false), 'POLICY_DENIED'],
    ['does not decide', { kind: 'undecided', code: 'POLICY_UNDECIDED', message: 'no' }, 'POLICY_UNDECIDED'],
  ])('%s', async (_, answer, code) => {
    const [world, judge] = [new MemoryWorld(), new Judge(async () => answer)];
    const run = submitted(world);
    expect(await drive(world, run, judge)).toBe('ended');
    expect(judge.asked).toEqual(['check']);
    if (code === null) expect(world.run(run).status).toBe('succeeded');
    else expect(errorOf(world, run)).toMatchObject({ code, stepId: 'check' });
  });

  it('is closed where the engine throws, and the operator sees why', async () => {
    const world = new MemoryWorld();
    const run = submitted(world);
    const broken = new Judge(async () => {
      throw new Error('the engine is away');
    });
    expect(await drive(world, run, broken)).toBe('ended');
    expect(errorOf(world, run)).toMatchObject({ code: 'POLICY_UNDECIDED', stepId: 'check' });
    expect(JSON.stringify(world.alarms)).toContain('Error: the engine is away');
    expect(world.alarms).toHaveLength(1);
  });

  it('is closed where the worker has no such engine', async () => {
    const world = new MemoryWorld();
    const run = submitted(world);
    await drive(world, run, null);
    expect(errorOf(world, run)).toMatchObject({ code: 'POLICY_UNDECIDED' });
  });

  it('is asked after the commit, and again where the worker is lost meanwhile', async () => {
    const world = new MemoryWorld();
    const run = submitted(world);
    const silent = new Judge(() => new Promise(() => undefined));
    void drive(world, run, silent);
    while (silent.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const entries = (world.pages.get(run) ?? []).flatMap((page) => page.entries);
    expect(entries.map(({ event }) => event.type)).toContain('run.started');
    const judge = new Judge(async () => decided(true));
    expect(await drive(world, run, judge)).toBe('ended');
    expect([judge.asked, world.run(run).status]).toEqual([['check'], 'succeeded']);
    const judged = (world.pages.get(run) ?? [])
      .flatMap((page) => page.entries)
      .filter(({ event }) => event.type === 'policy.judged');
    expect(judged).toHaveLength(1);
    expect(judged[0]?.event).toMatchObject({ engine: 'cedar', digest: policy.digest, allow: true, reasons: ['why'] });
  });
});
