import type { Decision } from '@taskrunner/client';
import { isCounted, ownDecision, statusOf } from './own-decision';

const by = (sub: string, decision: Decision['decision'], withdrawn = false): Decision =>
  ({ person: { iss: 'i', sub, name: sub }, decision, withdrawn }) as Decision;

it('is the last one of the person', () => {
  const decisions = [by('grace', 'approved', true), by('linus', 'approved'), by('grace', 'withdrawn')];
  expect(ownDecision({ decisions }, { iss: 'i', sub: 'grace' })?.decision).toBe('withdrawn');
  expect(isCounted(ownDecision({ decisions }, { iss: 'i', sub: 'grace' }))).toBe(false);
  expect(isCounted(ownDecision({ decisions }, { iss: 'i', sub: 'linus' }))).toBe(true);
  expect(ownDecision({ decisions }, { iss: 'other', sub: 'linus' })).toBeNull();
});

it('a gate is over as soon as the server refuses decisions for its time', () => {
  expect(statusOf({ status: 'open', why: 'GATE_EXPIRED' })).toBe('expired');
  expect(statusOf({ status: 'open', why: 'GATE_ALREADY_COUNTED' })).toBe('open');
  expect(statusOf({ status: 'approved', why: 'GATE_DECIDED' })).toBe('approved');
});
