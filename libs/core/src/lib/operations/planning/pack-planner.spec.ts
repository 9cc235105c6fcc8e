import { digestOf } from '../../canonical/digest';
import type { TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { testDefaults, testFloor } from '../../../testing/random/random-plan';
import { PlannerHere, planningContextOf } from './planning-work';
import { PackedInputs } from './supplied-inputs';
import { PackPlanner } from './pack-planner';
import { environmentOfPack, planPack, type PackSource, type PlanningSetting } from '../packs/pack-source';

const setting: PlanningSetting = {
  environment: {
    schema: 'taskrunner.environment.v1',
    machine: 1,
    mode: 'open',
    isolation: 'none/v1',
    limits: {},
    approvals: { floor: testFloor },
    packTrust: {},
    engines: {},
    executors: {},
    extensions: {},
  },
  configuration: {
    defaults: testDefaults,
    grants: [],
    secrets: {},
    interpreters: [],
    egress: [],
    sensitiveInputs: false,
  },
};
const [acme, globex] = ['acme' as TenantId, 'globex' as TenantId];
const manifest = (name: string): PackSource => ({
  manifest: `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: {name: ${name}, version: 1.0.0}\nspec: {inputs: [{name: a, type: number}], steps: [{id: s, run: {uses: builtin:noop}}]}\n`,
  hasLines: true,
  files: [],
});

describe('the environment of a pack', () => {
  const sealed = { ...setting.environment, mode: 'sealed' as const, isolation: 'bwrap-sealed/v1' };
  const asking = (mode: string, more = ''): PackSource => ({
    ...manifest('x'),
    manifest: manifest('x').manifest.replace('spec: {', `spec: {sandbox: {mode: ${mode}},${more} `),
  });
  const both: PlanningSetting = { ...setting, sealedEnvironment: sealed };
  const required: PlanningSetting = { ...setting, environment: sealed, sealedEnvironment: sealed };

  it.each([
    ['says nothing', manifest('x'), both, 'open'],
    ['is open', asking('open'), both, 'open'],
    ['asks to be sealed', asking('sealed'), both, 'sealed'],
    ['says nothing where all are sealed', manifest('x'), required, 'sealed'],
    ['is open where all are sealed', asking('open'), required, 'sealed'],
    [
      'asks to be sealed and installs in sealed environments only',
      asking('sealed', ' sealedInstall: true,'),
      both,
      'sealed',
    ],
  ])('of one that %s', (_what, source, where, mode) => {
    const planning = planPack(source, { a: 1 }, where);
    if (planning.kind === 'refused') throw new Error(JSON.stringify(planning.faults));
    expect(environmentOfPack(planning.read, where).mode).toBe(mode);
    const digest = digestOf(environmentOfPack(planning.read, where) as unknown as JsonObject);
    expect(planning.planned.profile.environment).toBe(digest);
  });

  it.each([
    ['SEALED_UNENFORCEABLE', asking('sealed'), setting],
    ['SEALED_INSTALL_REQUIRED', asking('open', ' sealedInstall: true,'), both],
  ])('refuses with %s where there is none', (code, source, where) => {
    expect(planPack(source, { a: 1 }, where)).toMatchObject({ kind: 'refused', faults: [{ code }] });
  });
});

describe('PackPlanner', () => {
  it('plans the same pack with the same inputs once for a tenant', async () => {
    const planner = new PackPlanner(setting, new PlannerHere(planningContextOf(setting)));
    const first = await planner.plan(acme, manifest('x'), { a: 1 });
    expect(first).toMatchObject({ kind: 'planned' });
    expect(await planner.plan(acme, manifest('x'), { a: 1 })).toBe(first);
    for (const other of [
      await planner.plan(globex, manifest('x'), { a: 1 }),
      await planner.plan(acme, manifest('x'), { a: 2 }),
      await planner.plan(acme, manifest('y'), { a: 1 }),
    ]) {
      expect(other).toMatchObject({ kind: 'planned' });
      expect(other).not.toBe(first);
    }
  });

  it('gives what planning gives, also for what is refused', async () => {
    const planner = new PackPlanner(setting, new PlannerHere(planningContextOf(setting)));
    const cases: [PackSource, JsonObject][] = [
      [manifest('x'), {}],
      [{ ...manifest('x'), hasLines: false }, { b: 1 }],
      [manifest('x'), { a: '\ud800' }],
      [{ ...manifest('x'), files: [{ path: 'a.sh', bytes: new Uint8Array(1), executable: true }] }, { a: 1 }],
    ];
    for (const [source, inputs] of cases) {
      const plain = planPack(source, inputs, setting);
      for (let i = 0; i < 2; i++) {
        const planning = await planner.plan(acme, source, inputs);
        expect(planning.kind).toBe(plain.kind);
        if (planning.kind === 'planned' && plain.kind === 'planned')
          expect(planning.planHash).toBe(plain.planned.planHash);
        else expect(planning).toEqual(plain);
      }
    }
  });

  it('gives the same for inputs that come as a text', async () => {
    const planner = new PackPlanner(setting, new PlannerHere(planningContextOf(setting)));
    const values = await planner.plan(acme, manifest('x'), { a: 7 });
    expect(values).toMatchObject({ kind: 'planned', texts: { inputs: '{"a":7}' } });
    expect(await planner.plan(acme, manifest('x'), new PackedInputs({}, '{"a":7}'))).toEqual(values);
    const simulated = await planner.simulate(acme, manifest('x'), { a: 7 }, '{}');
    expect(await planner.simulate(acme, manifest('x'), new PackedInputs({}, '{"a":7}'), '{}')).toEqual(simulated);
  });

  it('forgets what was not used for long', async () => {
    const planner = new PackPlanner(setting, new PlannerHere(planningContextOf(setting)));
    const first = await planner.plan(acme, manifest('x'), { a: 0 });
    for (let a = 1; a < 64; a++) await planner.plan(acme, manifest('x'), { a });
    expect(await planner.plan(acme, manifest('x'), { a: 0 })).toBe(first);
    for (let a = 64; a < 128; a++) await planner.plan(acme, manifest('x'), { a });
    expect(await planner.plan(acme, manifest('x'), { a: 0 })).not.toBe(first);
  });
});
