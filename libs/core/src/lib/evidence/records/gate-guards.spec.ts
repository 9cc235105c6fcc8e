import { aBlock, aPlan, aRunNode, testDefaults, testRules } from '../../../testing/random/random-plan';
import { digestOf } from '../../canonical/digest';
import type { NodeId, StepId } from '../../foundation/ids';
import { indexPlan } from '../../plan/plan-index';
import type { Block, Node } from '../../plan/plan';
import { gatesUnder, guardIndex, guardInstance } from './gate-guards';

const common = {
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
} as const;
const gate = (id: string, change: object = {}): Node => ({
  kind: 'gate',
  id,
  ...common,
  approval: 'owners',
  policy: null,
  with: {},
  message: '',
  show: {},
  form: null,
  ...change,
});
const group = (id: string, body: Block, change: object = {}): Node => ({
  kind: 'group',
  id,
  ...common,
  body,
  continueOnError: false,
  ...change,
});
const map = (id: string, body: Block, change: object = {}): Node => ({
  kind: 'map',
  id,
  ...common,
  items: [],
  iterator: 'item',
  index: 'index',
  label: null,
  maxItems: null,
  width: null,
  body,
  outputs: null,
  continueOnError: false,
  ...change,
});
const pack = (id: string, body: Block, change: object = {}): Node => ({
  kind: 'pack',
  id,
  ...common,
  uses: 'pack:./in',
  pack: { name: 'in', version: '1.0.0', contentDigest: digestOf('in') },
  with: {},
  inputs: [],
  body,
  outputs: [],
  continueOnError: false,
  ...change,
});
const step = (id: string, ...needs: string[]): Node => aRunNode(id, { needs, effects: 'once' });
const guardsIn = (...nodes: Node[]): { readonly [node: string]: readonly string[] } =>
  Object.fromEntries(guardIndex(indexPlan(aPlan(aBlock(nodes)), digestOf('plan'), testDefaults, testRules)));

describe('guardIndex', () => {
  it('follows needs, however far', () => {
    expect(guardsIn(step('a'), gate('g', { needs: ['a'] }), step('b', 'g'), step('c', 'b'), step('d', 'a'))).toEqual({
      a: [],
      g: [],
      b: ['g'],
      c: ['g'],
      d: [],
    });
  });

  it('reaches into containers, and counts the gates of their own scope there', () => {
    const body = aBlock([gate('own'), step('c', 'own')]);
    expect(guardsIn(gate('g'), map('m', body, { needs: ['g'] }))).toMatchObject({
      m: ['g'],
      'm::own': ['g'],
      'm::c': ['g', 'm::own'],
    });
  });

  it('counts a gate in a group that must succeed, not one that may be passed over', () => {
    const inner = aBlock([gate('g')]);
    expect(guardsIn(group('p', inner), step('b', 'p'))).toMatchObject({ b: ['g'] });
    // `continueOnError` does not make up for a gate: steps after the group still wait for it.
    expect(guardsIn(group('p', inner, { continueOnError: true }), step('b', 'p'))).toMatchObject({ b: ['g'] });
    // It runs in any case, or its gate blocks what follows. The planner counts it too.
    expect(guardsIn(group('p', inner, { runOn: 'always' }), step('b', 'p'))).toMatchObject({ b: ['g'] });
    for (const change of [{ when: 'inputs.x' }, { runOn: 'failure' }]) {
      expect(guardsIn(group('p', inner, change), step('b', 'p'))).toMatchObject({ b: [] });
    }
    expect(guardsIn(map('m', inner), step('b', 'm'))).toMatchObject({ b: [] });
  });
});

describe('instances of gates', () => {
  it.each([
    ['g', 'm[3]::c', 'g'],
    ['m::own', 'm[3]::c', 'm[3]::own'],
    ['m::own', 'm[3]::n[0]::c', 'm[3]::own'],
    ['m::n::own', 'm[3]::n[0]::c', 'm[3]::n[0]::own'],
  ])('%s stands before %s as %s', (guard, of, expected) => {
    expect(guardInstance(guard as NodeId, of as StepId)).toBe(expected);
  });

  it('that did not apply are found under what was skipped', () => {
    const index = indexPlan(
      aPlan(aBlock([map('m', aBlock([group('p', aBlock([gate('g')]))])), gate('h')])),
      digestOf('plan'),
      testDefaults,
      testRules,
    );
    expect(gatesUnder(index, 'h' as StepId)).toEqual(['h']);
    expect(gatesUnder(index, 'm' as StepId)).toEqual(['m::g']);
    expect(gatesUnder(index, 'm[2]::p' as StepId)).toEqual(['m[2]::g']);
  });
});

describe('gates in an inner pack', () => {
  const inner = (change: object = {}): Node => pack('p', aBlock([gate('g'), step('act', 'g')]), change);

  it('guard what follows them inside, and what follows the pack', () => {
    expect(guardsIn(inner(), step('after', 'p'))).toEqual({ 'p::g': [], 'p::act': ['p::g'], p: [], after: ['p::g'] });
    expect(guardsIn(inner({ when: 'inputs.x' }), step('after', 'p'))['after']).toEqual([]);
  });

  it.each([
    ['p::g', 'after', 'p::g'],
    ['p::g', 'p::act', 'p::g'],
    ['m::p::g', 'm[3]::after', 'm[3]::p::g'],
    ['m::p::g', 'm[3]::p::n[1]::act', 'm[3]::p::g'],
    ['m::g', 'm[3]::p::act', 'm[3]::g'],
    ['g', 'm[3]::p::act', 'g'],
  ])('%s stands before %s as %s', (guard, at, instance) => {
    expect(guardInstance(guard as NodeId, at as StepId)).toBe(instance);
  });
});
