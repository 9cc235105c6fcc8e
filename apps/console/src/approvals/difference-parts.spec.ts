import type { PlanDiff } from '@taskrunner/client';
import type { JsonObject } from '@taskrunner/core/foundation';
import { diffPlans } from '@taskrunner/core/plan';
import { packText, planned } from '@taskrunner/core/testing';
import { differenceParts, placeText } from './difference-parts';

const NOOP = (id: string): string => `- { id: ${id}, effects: idempotent, run: { uses: "builtin:noop" } }`;
const INPUTS =
  'inputs: [ { name: region, type: string }, { name: settings, type: object }, { name: count, type: integer } ]';
const planOf = (steps: readonly string[], inputs: JsonObject, more = '') =>
  planned(packText(steps.join('\n'), `${INPUTS}\n${more}`), inputs).plan;

const before = planOf([NOOP('one'), NOOP('two')], { region: 'eu', settings: { 'a/b': 'x', same: 1 }, count: 1 });
const after = planOf(
  [NOOP('one'), NOOP('two').replace('idempotent', 'once'), NOOP('three')],
  { region: 'us', settings: { 'a/b': 'y', same: 1 }, count: 1 },
  'approvals: [ { id: owners } ]',
);
const diff = diffPlans(before, after) as unknown as PlanDiff;

it('has the changed inputs, the changed steps, then the rest, in which approvals stand before the pack', () => {
  const { inputs, steps, rest } = differenceParts(diff, after);
  expect(inputs.map(({ path, before: old, after: now }) => [placeText(path), old, now])).toEqual([
    ['region', 'eu', 'us'],
    ['settings/a/b', 'x', 'y'],
  ]);
  expect(steps.map(({ id, change }) => [id, change])).toEqual([
    ['two', 'changed'],
    ['three', 'added'],
  ]);
  expect(rest.map(({ title }) => title)).toEqual(['Approvals', 'Pack']);
});

it('names what is equal, if the plan is known', () => {
  const { unchanged } = differenceParts(diff, after);
  expect([unchanged?.inputs, unchanged?.steps]).toEqual([['count'], ['one']]);
  expect(unchanged?.parts).toEqual(expect.arrayContaining(['Policies', 'Sandbox']));
  expect(unchanged?.parts).not.toContain('Approvals');
  expect(differenceParts(diff, null).unchanged).toBeNull();
});

it('shows a part that it does not know by its name, after the others', () => {
  const parts = { ...diff.parts, later: [{ path: '' }] };
  expect(differenceParts({ ...diff, parts }, after).rest.map(({ title }) => title)).toEqual([
    'Approvals',
    'Pack',
    'later',
  ]);
});
