import type { JsonObject } from '../../foundation/json';
import { packText, planned } from '../../../testing/planning';
import { testDefaults } from '../../../testing/random/random-plan';
import { plannedInputs, plannedStep, stepsBehind } from './planned-step';

const profile = { defaults: testDefaults };
const gate = (id: string) => `- { id: ${id}, gate: { approval: a } }`;
const APPROVALS = 'approvals: [ { id: a } ]';

function planOf(steps: string, more = '', inputs: JsonObject = {}) {
  return planned(packText(steps, `${APPROVALS}\n${more}`), inputs).plan;
}

describe('what a plan says about the steps behind a gate', () => {
  it('is what each of them executes, in the order of the plan, with expressions as written', () => {
    const plan = planOf(
      `
- { id: before, run: { uses: "builtin:noop" } }
${gate('approve')}
- id: tell
  name: Tell them
  effects: idempotent
  retries: { maxAttempts: 3 }
  timeout: 90s
  run:
    uses: builtin:command
    with: { command: [mail, --to, "{{ inputs.who }} now", ""] }
    env: { GREETING: "hello {{ inputs.who }}" }
    egress: [ { url: "https://mail.example.org", intent: send } ]
- id: note
  when: "{{ inputs.loud }}"
  run: { uses: "builtin:script", with: { interpreter: [bash], source: "one\\ntwo" } }
`,
      'inputs: [ { name: who, type: string }, { name: loud, type: boolean, default: true } ]\nsandbox: { egressAllowlist: ["mail.example.org"] }',
      { who: 'ops' },
    );
    const behind = stepsBehind(plan, profile, 'approve');
    expect(behind.map(({ id, title, uses, effects }) => [id, title, uses, effects])).toEqual([
      ['tell', 'Tell them', 'builtin:command', 'idempotent'],
      ['note', null, 'builtin:script', 'idempotent'],
    ]);
    const facts = (at: number) => (behind[at]?.facts ?? []).map(({ name, text }) => `${name}: ${text}`);
    for (const fact of [
      'command: mail --to "{{ inputs.who }} now" ""',
      'env GREETING: hello {{ inputs.who }}',
      'network: https://mail.example.org (send)',
      'time limit: 90 s',
    ])
      expect(facts(0)).toContain(fact);
    expect(facts(0)).toContainEqual(expect.stringMatching(/^retries: at most 3 attempts/));
    expect(facts(0)).toContainEqual(expect.stringMatching(/^network only within: mail\.example\.org/));
    for (const fact of ['only if: {{ inputs.loud }}', 'source: one\ntwo', 'network: none', 'retries: none'])
      expect(facts(1)).toContain(fact);
  });

  it('says in which containers they are: under which condition, and how often', () => {
    const plan = planOf(
      `
${gate('approve')}
- id: choice
  conditional:
    branches:
      - { when: "{{ inputs.n == 1 }}", steps: [ { id: one, run: { uses: "builtin:noop" } } ] }
    else:
      - id: fan
        map: { items: [1, 2], steps: [ { id: each, run: { uses: "builtin:noop" } } ] }
`,
      'inputs: [ { name: n, type: integer, default: 1 } ]',
    );
    const behind = stepsBehind(plan, profile, 'approve').map(({ id, facts }) => [
      id,
      ...facts.slice(0, -2).map(({ name, text }) => `${name}: ${text}`),
    ]);
    expect(behind).toEqual([
      ['one', expect.stringMatching(/^only if \(choice\): \{\{ inputs\.n == .*1.* \}\}$/)],
      [
        'fan::each',
        expect.stringMatching(/^only if \(choice\): not \{\{ inputs\.n == .*1.* \}\}$/),
        'for each item of fan: [1,2]',
      ],
    ]);
  });

  it('is empty for a gate that the plan does not have, and has one step by its place', () => {
    const plan = planOf(`${gate('approve')}\n- { id: act, run: { uses: "builtin:noop" } }`);
    expect(stepsBehind(plan, profile, 'other')).toEqual([]);
    expect(plannedStep(plan, profile, 'act')?.uses).toBe('builtin:noop');
    expect([plannedStep(plan, profile, 'approve'), plannedStep(plan, profile, 'absent')]).toEqual([null, null]);
  });

  it('uses the retries of the profile for steps that state none', () => {
    const plan = planOf(`${gate('approve')}\n- { id: act, run: { uses: "builtin:noop" } }`);
    const retries = { maxAttempts: 4, backoffMs: 2_000, maxBackoffMs: 9_000, nodes: ['act'] };
    const defaults = { ...testDefaults, retries } as unknown as typeof testDefaults;
    expect(plannedStep(plan, { defaults }, 'act')?.facts).toContainEqual({
      name: 'retries',
      text: 'at most 4 attempts, first pause 2 s',
    });
  });
});

it('inputs are shown by value, except sensitive ones and files', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const inputs: JsonObject = { who: 'ops', list: [1], token: { sensitive: true }, report: { digest, size: 3 } };
  expect(plannedInputs({ inputs })).toEqual([
    { name: 'who', text: 'ops' },
    { name: 'list', text: '[1]' },
    { name: 'token', text: 'sensitive: the value is not shown' },
    { name: 'report', text: `file of 3 bytes, ${digest}` },
  ]);
  expect(plannedInputs({ inputs }, ['token', 'list']).map(({ name }) => name)).toEqual([
    ...['token', 'list', 'who', 'report'],
  ]);
});
