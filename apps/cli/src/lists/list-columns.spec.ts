import type { GateView } from '../server/run-views';
import { gateColumns } from './list-columns';

it('says of an open gate that nobody can open it, as the console does', () => {
  const column = gateColumns(0).find(({ title }) => title === 'APPROVALS');
  const gate = { status: 'open', approvals: 0, required: 2, approversLeft: 1 } as GateView;
  expect(column?.text(gate)).toBe('0/2, nobody can open it');
  expect(column?.text({ ...gate, approversLeft: 2 })).toBe('0/2');
  expect(column?.text({ ...gate, approversLeft: null })).toBe('0/2');
});

it('says that the caller has approved, not that they may not decide', () => {
  const column = gateColumns(0).find(({ title }) => title === 'YOU');
  const you = (why: string | null) => column?.text({ canDecide: why === null, why } as GateView);
  expect([you('GATE_ALREADY_COUNTED'), you('GATE_SELF_APPROVAL'), you(null)]).toEqual([
    'have approved',
    'GATE_SELF_APPROVAL',
    'may decide',
  ]);
});
