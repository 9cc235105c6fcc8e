import { readsOf } from './reads';

const plan = {
  inputs: { region: 'eu', token: { sensitive: true }, other: 1 },
  graph: {
    nodes: [
      { id: 'scan', kind: 'run', with: { image: '{{ inputs.region }}' }, env: {}, files: {} },
      {
        id: 'both',
        kind: 'parallel',
        body: { nodes: [{ id: 'left', kind: 'run', with: {}, env: { A: '{{ steps.scan.outputs.n }}' }, files: {} }] },
      },
      {
        id: 'fan',
        kind: 'map',
        body: {
          nodes: [
            { id: 'a', kind: 'run', with: { of: '{{ item }}' }, env: {}, files: {} },
            { id: 'b', kind: 'run', with: { n: '{{ steps.a.outputs.n + inputs.other }}' }, env: {}, files: {} },
          ],
        },
      },
      { id: 'inner', kind: 'pack', body: { nodes: [{ id: 'x', kind: 'run', with: { r: '{{ inputs.region }}' } }] } },
      { id: 'wait', kind: 'gate', with: {} },
    ],
  },
};

it('finds what a step reads, also in groups, maps and inner packs', () => {
  expect(readsOf(plan, 'scan')).toEqual({
    parameters: { with: { image: '{{ inputs.region }}' } },
    reads: [{ kind: 'input', name: 'region', value: 'eu' }],
  });
  expect(readsOf(plan, 'left')?.reads).toEqual([{ kind: 'step', id: 'scan' }]);
  expect(readsOf(plan, 'fan[3]::a')?.reads).toEqual([{ kind: 'item', id: 'fan[3]' }]);
  expect(readsOf(plan, 'fan[3]::b')?.reads).toEqual([
    { kind: 'input', name: 'other', value: 1 },
    { kind: 'step', id: 'fan[3]::a' },
  ]);
  // The inputs of an inner pack are not those of the plan.
  expect(readsOf(plan, 'inner::x')?.reads).toEqual([]);
  expect([readsOf(plan, 'wait'), readsOf(plan, 'lost')]).toEqual([null, null]);
});
