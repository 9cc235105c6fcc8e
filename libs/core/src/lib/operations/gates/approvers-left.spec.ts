import type { Approver } from '../../gate/approvers';
import type { GateRow } from '../../ports/gates/gate-store';
import { approversLeft } from './approvers-left';

describe('people who can still approve at an open gate', () => {
  const person = (sub: string, ...grants: string[]): Approver => ({ iss: 'i', sub, grants });
  const approved = (sub: string, decisionId: string, more: object = {}) => ({
    ...{ decisionId, decision: 'approved', person: { iss: 'i', sub }, onBehalfOf: null, actors: [] },
    ...more,
  });
  const row = (records: readonly object[] = [], more: object = {}): GateRow =>
    ({
      ...{ state: 'open', required: 2, expiresAt: 0, initiators: [{ iss: 'i', sub: 'ada', kind: 'person' }] },
      documents: {
        request: { requirement: { minApprovals: 2, grants: ['packs.approve'], selfApproval: false }, executeBy: '' },
        records,
      },
      ...more,
    }) as unknown as GateRow;
  const people = [person('ada'), person('grace'), person('linus')];

  it('are those who did not start the run and whose approval does not count yet', () => {
    expect(approversLeft(people, row())).toBe(2);
    expect(approversLeft(people, row([approved('grace', 'd1')]))).toBe(1);
    expect(approversLeft([person('ada')], row())).toBe(0);
  });

  it('are one fewer for each person behind an approval, and one more after a withdrawal', () => {
    const both = approved('grace', 'd1', { onBehalfOf: { iss: 'i', sub: 'linus' } });
    expect(approversLeft(people, row([both]))).toBe(0);
    expect(
      approversLeft(people, row([approved('grace', 'd1'), approved('grace', 'd2', { decision: 'withdrawn' })])),
    ).toBe(2);
  });

  it('are not known where nobody has said who there is, nor of a gate that is over', () => {
    expect(approversLeft(null, row())).toBeNull();
    expect(approversLeft(people, row([], { state: 'expired' }))).toBeNull();
  });
});
