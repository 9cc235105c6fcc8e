import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import { declaredInputs, inDeclaredOrder } from './input-order';

const manifest = { spec: { inputs: [{ name: 'service' }, { name: 'from' }, { name: 'batch' }] } };

it('inputs have the order in which a pack declares them, which a stored plan does not keep', () => {
  const declared = declaredInputs(JSON.parse(canonical(manifest)) as Json);
  expect(declared).toEqual(['service', 'from', 'batch']);
  expect(inDeclaredOrder({ batch: 3, from: '1', service: 'x' }, declared)).toEqual([
    ['service', 'x'],
    ['from', '1'],
    ['batch', 3],
  ]);
});

it('inputs that the list does not name stay behind the others, in their order', () => {
  expect(inDeclaredOrder({ a: 1, b: 2, c: 3 }, ['c', 'gone']).map(([name]) => name)).toEqual(['c', 'a', 'b']);
  expect(inDeclaredOrder({ b: 1, a: 2 }, []).map(([name]) => name)).toEqual(['b', 'a']);
});

it('a manifest that is none declares nothing', () => {
  for (const text of [
    null,
    7,
    [],
    {},
    { spec: [] },
    { spec: { inputs: {} } },
    { spec: { inputs: [null, {}, { name: 7 }] } },
  ])
    expect(declaredInputs(text as Json)).toEqual([]);
});
