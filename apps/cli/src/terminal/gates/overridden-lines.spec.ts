import { overriddenLines } from './overridden-lines';

const policy = {
  id: 'late',
  level: 'soft-mandatory',
  engine: 'cel',
  digest: 'sha256:1',
  result: 'deny',
  reasons: ['too late'],
};
const by = (sub: string, decision: string, more: object = {}) => ({
  ...{
    decision,
    person: { iss: 'https://id.test', sub },
    onBehalfOf: null,
    actors: null,
    reason: 'urgent',
    response: null,
  },
  ...{ decidedAt: '2026-01-01T00:00:00.000Z', proof: 'service', decisionId: 'd', record: 'sha256:2', withdrawn: false },
  ...more,
});
const gate = (gateId: string, status: string, more: object = {}) =>
  ({
    gateId,
    status,
    policy,
    decisions: [by('linus', 'approved', { withdrawn: true }), by('grace', 'approved')],
    ...more,
  }) as never;

it('says at another gate of the run what was denied, who overrode it and why', () => {
  const lines = overriddenLines([gate('check', 'approved')], 'agree');
  expect(lines[0]).toBe('overridden at gate check');
  for (const text of ['late', 'too late', 'overridden by grace of https://id.test', 'why: urgent'])
    expect(lines.join('\n')).toContain(text);
  expect(lines.join('\n')).not.toContain('linus');
});

it.each([
  ['the gate itself', gate('agree', 'approved')],
  ['a gate without a policy', gate('check', 'approved', { policy: null })],
  ['a denial that nobody overrode', gate('check', 'rejected')],
])('says nothing of %s', (_what, one) => expect(overriddenLines([one], 'agree')).toEqual([]));
