import { outcomeOf } from './audit-outcome';

const decision = { type: 'gate.decision', decision: 'approved' };

it.each([
  [{ ...decision, outcome: 'decided' }, 'good', 'approved', null],
  [{ ...decision, decision: 'rejected', outcome: 'decided' }, 'bad', 'rejected', null],
  [{ ...decision, override: true, outcome: 'decided' }, 'good', 'overrode the denial', null],
  [{ ...decision, override: true, decision: 'rejected', outcome: 'decided' }, 'bad', 'rejected the override', null],
  [{ ...decision, override: true, decision: 'withdrawn', outcome: 'decided' }, 'quiet', 'withdrew the override', null],
  [{ ...decision, outcome: 'refused', code: 'GATE_STALE' }, 'bad', 'approved: refused', 'GATE_STALE'],
  [{ type: 'run.cancel', outcome: 'refused', code: 'RUN_NOT_YOURS' }, 'bad', 'refused', 'RUN_NOT_YOURS'],
  [{ type: 'request.refused', code: 'SCOPE_MISSING', count: 1 }, 'bad', 'refused', 'SCOPE_MISSING'],
  [{ type: 'request.refused', code: 'TOKEN_INVALID', count: 7 }, 'bad', 'refused 7 times', 'TOKEN_INVALID'],
  [{ type: 'run.cancel', outcome: 'posted' }, 'quiet', 'requested', null],
  [{ type: 'run.cancel', outcome: 'known' }, 'quiet', 'already requested', null],
  [{ type: 'run.cancel', outcome: 'accepted' }, 'quiet', 'accepted', null],
])('%j is an entry with an outcome', (event, tone, text, code) => {
  expect(outcomeOf(event)).toEqual({ tone, text, code });
});

it('has none if the entry does not say it', () => {
  for (const event of [{ type: 'run.sealed' }, { outcome: 3 }, { outcome: '' }]) expect(outcomeOf(event)).toBeNull();
});
