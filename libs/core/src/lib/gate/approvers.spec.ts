import { tooFewApprovers, type Approver } from './approvers';

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
