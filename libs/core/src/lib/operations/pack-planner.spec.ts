import type { TenantId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import { testDefaults, testFloor } from '../../testing/random-plan';
import { PackPlanner } from './pack-planner';
import { planPack, type PackSource, type PlanningSetting } from './pack-source';

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

describe('PackPlanner', () => {
  it('plans the same pack with the same inputs once for a tenant', () => {
    const planner = new PackPlanner(setting);
    const first = planner.plan(acme, manifest('x'), { a: 1 });
    expect(first).toMatchObject({ kind: 'planned' });
    expect(planner.plan(acme, manifest('x'), { a: 1 })).toBe(first);
    for (const other of [
      planner.plan(globex, manifest('x'), { a: 1 }),
      planner.plan(acme, manifest('x'), { a: 2 }),
      planner.plan(acme, manifest('y'), { a: 1 }),
    ]) {
      expect(other).toMatchObject({ kind: 'planned' });
      expect(other).not.toBe(first);
    }
  });

  it('gives what planning gives, also for what is refused', () => {
    const planner = new PackPlanner(setting);
    const cases: [PackSource, JsonObject][] = [
      [manifest('x'), {}],
      [{ ...manifest('x'), hasLines: false }, { b: 1 }],
      [manifest('x'), { a: '\ud800' }],
      [{ ...manifest('x'), files: [{ path: 'a.sh', bytes: new Uint8Array(1), executable: true }] }, { a: 1 }],
    ];
    for (const [source, inputs] of cases) {
      const plain = planPack(source, inputs, setting);
      for (let i = 0; i < 2; i++) {
        const planning = planner.plan(acme, source, inputs);
        expect(planning.kind).toBe(plain.kind);
        if (planning.kind === 'planned' && plain.kind === 'planned')
          expect(planning.planned.planHash).toBe(plain.planned.planHash);
        else expect(planning).toEqual(plain);
      }
    }
  });

  it('forgets what was not used for long', () => {
    const planner = new PackPlanner(setting);
    const first = planner.plan(acme, manifest('x'), { a: 0 });
    for (let a = 1; a < 64; a++) planner.plan(acme, manifest('x'), { a });
    expect(planner.plan(acme, manifest('x'), { a: 0 })).toBe(first);
    for (let a = 64; a < 128; a++) planner.plan(acme, manifest('x'), { a });
    expect(planner.plan(acme, manifest('x'), { a: 0 })).not.toBe(first);
  });
});
