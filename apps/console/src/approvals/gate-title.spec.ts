import type { Gate } from '@taskrunner/client';
import { gateTitle, headingOf } from './gate-title';

const gate = (message: string, policy: object | null): Parameters<typeof gateTitle>[0] => ({
  request: { message, policy } as unknown as Gate['request'],
  ...{ policy: null, pack: { name: 'rollout', version: '1.2.0' }, gateId: 'check' },
});
const denial = { id: 'late', level: 'soft-mandatory', allow: false, undecided: false, reasons: [], engine: 'cel' };

it('is the message of the pack', () => {
  expect(gateTitle(gate('Roll out?', null))).toBe('Roll out?');
  expect(gateTitle(gate('Deploy on a Friday?', denial))).toBe('Deploy on a Friday?');
});

it('names pack, version and gate of an override without a message', () => {
  const message = 'policy late (soft-mandatory) denied it. Approving overrides the denial.';
  expect(gateTitle(gate(message, denial))).toBe('Override policy late for rollout 1.2.0 at check?');
});

describe('a message', () => {
  it.each([
    ['Go on?', 'Go on?', ''],
    ['Release?\nFirst line.\n\nLast line.', 'Release?', 'First line.\n\nLast line.'],
    [`Release to all regions. ${'word '.repeat(40)}`, 'Release to all regions.', 'word '.repeat(40)],
    [`${'word '.repeat(40)}end`, 'word '.repeat(32).trim(), `${'word '.repeat(8)}end`],
    ['x'.repeat(300), 'x'.repeat(300), ''],
  ])('has a heading and the rest: %p', (message, heading, rest) => {
    expect(headingOf(message)).toEqual([heading, rest]);
  });
});
