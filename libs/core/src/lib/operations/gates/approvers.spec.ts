import type { GateRow } from '../../ports/gates/gate-store';
import { approversLeft, tooFewApprovers, type Approver } from './approvers';

describe('people who may decide', () => {
  const person = (sub: string, ...grants: string[]): Approver => ({ iss: 'i', sub, grants });
  const people = [person('ada'), person('grace', 'role:lead'), person('linus')];
  const ada = { iss: 'i', sub: 'ada', kind: 'person' } as const;
  const request = (minApprovals: number, grants: readonly string[] = ['packs.approve'], selfApproval = false) =>
    ({ requirement: { minApprovals, grants, selfApproval } }) as never;

  it.each([
    ['two of three, one of whom began the run', 2, ['packs.approve'], false, null],
    ['three, one of whom began the run', 3, ['packs.approve'], false, 2],
    ['three where self-approval is allowed', 3, ['packs.approve'], true, null],
    ['one with the grant', 1, ['packs.approve', 'role:lead'], false, null],
    ['two with the grant', 2, ['packs.approve', 'role:lead'], false, 1],
    ['one with a grant that nobody has', 1, ['packs.approve', 'role:cso'], false, 0],
  ])('%s', (_, min, grants, self, eligible) => {
    expect(tooFewApprovers(people, [ada], request(min, grants, self))).toBe(eligible);
  });

  it('are not counted where nobody has said who there is', () => {
    expect(tooFewApprovers(null, [ada], request(99))).toBeNull();
  });
});

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
