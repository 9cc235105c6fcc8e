import type { Node } from '../../plan/plan';
import { aGate, aPlan, block, common } from '../../../testing/deciding';
import { gateNodeOf } from './gate-view';

describe('gateNodeOf', () => {
  const group = (id: string, ...nodes: Node[]) =>
    ({ ...common, kind: 'group', id, body: block(...nodes), continueOnError: false }) as Node;
  const map = (id: string, ...nodes: Node[]) =>
    ({ ...common, kind: 'map', id, body: block(...nodes) }) as unknown as Node;
  const conditional = (id: string, then: Node, otherwise: Node) =>
    ({
      ...common,
      kind: 'conditional',
      id,
      branches: [{ when: 'x', body: block(then) }],
      otherwise: block(otherwise),
    }) as unknown as Node;
  const plan = aPlan([
    aGate('top'),
    group('g', aGate('inGroup'), map('m', group('h', aGate('approve')), map('n', aGate('deep')))),
    conditional('c', aGate('yes'), aGate('no')),
  ]);

  it.each([
    ['top', 'top'],
    ['inGroup', 'inGroup'],
    ['m[3]::approve', 'approve'],
    ['m[3]::n[0]::deep', 'deep'],
    ['yes', 'yes'],
    ['no', 'no'],
    ['approve', null],
    ['m[3]', null],
    ['m', null],
    ['g', null],
    ['top::approve', null],
    ['', null],
    ['toString', null],
  ])('of %s is %s', (place, id) => expect(gateNodeOf(plan, place)?.id ?? null).toBe(id));
});
