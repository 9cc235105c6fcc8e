import { unreachableQuorum } from './unreachable-quorum';

const gate = { status: 'open', approvals: 0, required: 2, approversLeft: 2 };

it('a quorum cannot be reached if the approvals and the people who are left are fewer than it needs', () => {
  expect(unreachableQuorum({ ...gate, approversLeft: 1 })).toEqual({ left: 1, missing: 1 });
  expect(unreachableQuorum({ ...gate, approvals: 1, approversLeft: 0 })).toEqual({ left: 0, missing: 1 });
  expect(unreachableQuorum({ ...gate, approversLeft: 0 })).toEqual({ left: 0, missing: 2 });
});

it('it can be reached, or it is not known, or nobody waits for it any more', () => {
  for (const change of [
    {},
    { approvals: 1, approversLeft: 1 },
    { approversLeft: null },
    { status: 'expired', approversLeft: 0 },
  ])
    expect(unreachableQuorum({ ...gate, ...change })).toBeNull();
  expect(unreachableQuorum({ status: 'open', approvals: 0, required: 2 })).toBeNull();
});
