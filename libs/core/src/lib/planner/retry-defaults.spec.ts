import { canonical } from '../canonical/canonical';
import type { Json } from '../foundation/json';
import { faultsOf, packText, planned, testConfiguration } from '../../testing/planning';
import { testRules } from '../../testing/random/random-plan';
import { indexPlan, runNodeAt } from '../plan/plan-index';
import type { RetryRule } from '../plan/plan-request';

const cap = { maxAttempts: 10, maxBackoffMs: 600_000 };
const rule: RetryRule = { maxAttempts: 3, backoffMs: 7_000, maxBackoffMs: 70_000, cap };
const withRule = (retries: RetryRule) => ({ configuration: { ...testConfiguration, retries } });
const command = 'run: { uses: "builtin:command", with: { command: ["true"] } }';
const PACK = packText(`
- { id: silent, ${command} }
- { id: stated, retries: { maxAttempts: 2, backoff: 1s }, ${command} }
- { id: one, retries: { maxAttempts: 1 }, ${command} }
- { id: once, effects: once, ${command} }
- { id: pure, run: { uses: "builtin:noop" } }
- id: each
  map: { items: [1, 2], iterator: it, steps: [ { id: inner, ${command} } ] }`);

describe('attempts where the pack says nothing', () => {
  const plain = planned(PACK);
  const three = planned(PACK, {}, withRule(rule));

  it('do not touch the plan: its hash is the same everywhere', () => {
    expect(three.planHash).toBe(plain.planHash);
    expect(canonical(three.plan as unknown as Json)).toBe(canonical(plain.plan as unknown as Json));
  });

  it('stand in the profile, by node, so that they are bound with its digest', () => {
    expect(three.profile.defaults.retries).toEqual({
      maxAttempts: 3,
      backoffMs: 7_000,
      maxBackoffMs: 70_000,
      nodes: ['each::inner', 'silent'],
    });
    expect(three.profileDigest).not.toBe(plain.profileDigest);
    expect(plain.profile.defaults).not.toHaveProperty('retries');
    expect(planned(PACK, {}, withRule({ ...rule, maxAttempts: 1 })).profileDigest).toBe(plain.profileDigest);
  });

  it.each([
    ['silent', 3, 7_000],
    ['each[1]::inner', 3, 7_000],
    ['stated', 2, 1_000],
    ['one', 1, 0],
    ['once', 1, 0],
    ['pure', 1, 0],
  ])('%s has %d attempts', (step, maxAttempts, backoffMs) => {
    // As worker, replay and verifier see it: from plan and profile alone.
    const planIndex = indexPlan(three.plan, three.planHash, three.profile.defaults, testRules);
    for (const index of [planIndex, three.index]) {
      const { retries } = runNodeAt(index, step as never);
      expect(retries).toMatchObject({ maxAttempts, backoffMs });
    }
  });

  it('are those of the pack where it speaks for all its steps', () => {
    const text = packText(`- { id: a, ${command} }`, 'failure: { retries: { maxAttempts: 1 } }');
    expect(planned(text, {}, withRule(rule)).profile.defaults).not.toHaveProperty('retries');
  });

  it('of an admitted run are those of its profile when it is planned again', () => {
    const configuration = { ...testConfiguration, defaults: three.profile.defaults };
    const again = planned(PACK, {}, { configuration });
    expect([again.planHash, again.profileDigest]).toEqual([three.planHash, three.profileDigest]);
  });
});

describe('the cap', () => {
  it.each([
    ['of a step', `- { id: a, retries: { maxAttempts: 11 }, ${command} }`, '', ['RETRIES_OVER_CAP 6']],
    ['of the pack', `- { id: a, ${command} }`, 'failure: { retries: { maxAttempts: 11 } }', ['RETRIES_OVER_CAP 5']],
    [
      'of a pause',
      `- { id: a, retries: { maxAttempts: 2, backoff: 1h, maxBackoff: 1h }, ${command} }`,
      '',
      ['RETRIES_OVER_CAP 6'],
    ],
    ['is not reached', `- { id: a, retries: { maxAttempts: 10, backoff: 10m, maxBackoff: 1h }, ${command} }`, '', []],
  ])('%s', (_, steps, more, expected) => {
    const found = faultsOf(packText(steps, more), {}, withRule(rule));
    expect(found.map((fault) => fault.replace(/:.*$/, ''))).toEqual(expected);
    expect(faultsOf(packText(steps, more))).toEqual([]);
  });
});
