import { CHECK_NAMES, type Check, type CheckName } from '@taskrunner/core/evidence';
import { groupChecks, resultOf } from './check-groups';

const check = (name: CheckName, ok = true): Check => ({ name, ok, basis: 'recomputed', detail: '' });

it('groups every check once, and leaves the order of the checks of a group', () => {
  const groups = groupChecks(CHECK_NAMES.map((name) => check(name)));
  const names = groups.flatMap(({ checks }) => checks.map(({ name }) => name));
  expect([...names].sort()).toEqual([...CHECK_NAMES].sort());
  for (const { checks } of groups) {
    const places = checks.map(({ name }) => CHECK_NAMES.indexOf(name));
    expect(places).toEqual([...places].sort((one, other) => one - other));
  }
});

it('puts the groups with a failed check first, and in them the failed checks', () => {
  const made = CHECK_NAMES.map((name) => check(name, name !== 'logs.digest' && name !== 'decisions.proof'));
  const [first, second, third] = groupChecks(made);
  expect([first?.subject, first?.failed, first?.checks[0]?.name]).toEqual(['Who decided', 1, 'decisions.proof']);
  expect([second?.subject, second?.failed, second?.checks[0]?.name]).toEqual(['What ran', 1, 'logs.digest']);
  expect(third?.failed).toBe(0);
});

it('has no group without a check', () => {
  expect(groupChecks([check('policies')]).map(({ subject }) => subject)).toEqual(['Who decided']);
  expect(groupChecks([])).toEqual([]);
});

it.each([
  [[check('policies')], '1 check passed'],
  [[check('policies'), check('answers')], '2 checks passed'],
  [[check('policies', false)], '1 of 1 check fails'],
  [[check('policies', false), check('answers', false), check('probes')], '2 of 3 checks fail'],
])('says the result of a group', (checks, text) => {
  expect(resultOf({ checks, failed: checks.filter(({ ok }) => !ok).length })).toBe(text);
});
