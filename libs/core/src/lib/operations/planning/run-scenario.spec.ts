import type { Json } from '../../foundation/json';
import { packText, testConfiguration, testEnvironment } from '../../../testing/planning';
import { runScenarios, scenarioReportJson } from './run-scenario';
import { MAX_SCENARIOS, readScenarios } from '../../simulation/read-scenarios';
import { scenarioSchema } from '../../simulation/scenario';
import { compileSchema } from '../../schema/compile-schema';

const manifest = packText(
  `
- { id: scan, retries: { maxAttempts: 2 }, run: { uses: "builtin:command", with: { command: [scan] }, outputs: { count: { type: integer } } } }
- { id: agree, gate: { approval: owners, message: "go" } }
- id: rollout
  map: { items: "{{ inputs.regions }}", steps: [ { id: deploy, effects: idempotent, run: { uses: "builtin:command", with: { command: [deploy, "{{ item }}"] } } } ] }`,
  `
inputs: [ { name: regions, type: array, required: true } ]
approvals: [ { id: owners } ]
outputs: [ { name: found, type: integer, value: "{{ steps.scan.outputs.count }}" } ]`,
);
const setting = { environment: testEnvironment, configuration: testConfiguration };
const bytes = (text: string) => new TextEncoder().encode(text);
const run = (text: string, filter = '') =>
  runScenarios({ manifest, hasLines: true, files: [] }, [{ path: 'tests/a.yaml', bytes: bytes(text) }], setting, {
    filter,
  });
const inputs = 'inputs: { regions: [eu, us] }';

describe('scenario tests of a pack', () => {
  it.each([
    [
      'status and every step that a name picks',
      `expect: { status: succeeded, nodes: { scan: succeeded, "rollout[*]::deploy": succeeded, rollout: succeeded } }`,
    ],
    [
      'a rejection: what is behind never begins',
      `script: { agree: rejected }\nexpect: { status: failed, code: GATE_REJECTED, nodes: { "rollout::deploy": skipped } }`,
    ],
    [
      'one item that fails',
      `script: { "rollout[1]::deploy": failed }\nexpect: { status: failed, nodes: { "rollout[0]::deploy": succeeded, "rollout[1]::deploy": failed } }`,
    ],
    ['outputs that the script gives', `script: { scan: { outputs: { count: 3 } } }\nexpect: { outputs: { found: 3 } }`],
    [
      'what asks people, and what acts without',
      `expect: { approvals: [agree], ungatedEffects: [scan], classes: { agree: requires-approval, scan: pending } }`,
    ],
    ['an instance that is not there', `expect: { nodes: { "rollout[2]::deploy": not-reached } }`],
  ])('holds: %s', (name, text) => {
    const report = run(`name: '${name}'\n${inputs}\n${text}\n`);
    expect(scenarioReportJson(report)).toMatchObject({ passed: 1, failed: 0, faulty: 0, faults: [] });
  });

  it.each([
    [`expect: { status: failed }`, '/expect/status', 3, 'expected "failed", got succeeded'],
    [
      `script: { agree: expired }\nexpect: { status: succeeded }`,
      '/expect/status',
      4,
      'expected "succeeded", got failed (GATE_EXPIRED)',
    ],
    [
      `script: { "rollout[1]::deploy": failed }\nexpect: { nodes: { "rollout[*]::deploy": succeeded } }`,
      '/expect/nodes/rollout[*]::deploy',
      4,
      'expected "succeeded", got rollout[1]::deploy failed',
    ],
    [
      `expect: { outputs: { found: 3 } }`,
      '/expect/outputs/found',
      3,
      'expected 3, got its value is unknown; add the outputs that it depends on to the script',
    ],
    [
      `script: { scan: { outputs: { count: 4 } } }\nexpect: { outputs: { found: 3 } }`,
      '/expect/outputs/found',
      4,
      'expected 3, got 4',
    ],
    [`expect: { approvals: [] }`, '/expect/approvals', 3, 'expected [], got ["agree"]'],
    [`expect: { ungatedEffects: [] }`, '/expect/ungatedEffects', 3, 'expected [], got ["scan"]'],
    [
      `expect: { errors: [INPUT_MISSING] }`,
      '/expect/errors',
      3,
      'expected ["INPUT_MISSING"], got the pack was planned without errors',
    ],
  ])('does not hold: %s', (text, path, line, message) => {
    const [result] = run(`name: a\n${inputs}\n${text}\n`).results;
    expect(result?.outcome).toMatchObject({ kind: 'failed', differences: [{ path, line, message }] });
  });

  it('expects faults of the inputs, and says which there are where none were expected', () => {
    expect(run('name: a\nexpect: { errors: [INPUT_MISSING] }').passed).toBe(1);
    const [result] = run('name: a\nexpect: { status: succeeded }').results;
    expect(result?.outcome).toMatchObject({
      kind: 'failed',
      differences: [{ path: '/expect', actual: ['INPUT_MISSING'] }],
    });
  });

  it('cannot judge a scenario that names what is not there, and says where', () => {
    const report = run(`name: a\n${inputs}\nscript: { scann: failed, rollout: failed }\nexpect: { status: succeeded }
---
name: b
${inputs}
expect: { nodes: { agre: succeeded }, outputs: { fond: 1 } }
`);
    const faults = report.results.map(({ outcome }) =>
      outcome.kind === 'faulty'
        ? outcome.faults.map(({ code, line, file, remediation }) => `${code} ${file}:${line} ${remediation}`)
        : [],
    );
    expect(faults).toEqual([
      [
        'SCRIPT_IMPOSSIBLE tests/a.yaml:3 Script its steps, or use a pattern such as name[*]::step.',
        'SCRIPT_UNKNOWN_STEP tests/a.yaml:3 Did you mean scan?',
      ],
      [
        'SCENARIO_UNKNOWN_STEP tests/a.yaml:8 Did you mean agree?',
        'SCENARIO_UNKNOWN_OUTPUT tests/a.yaml:8 Did you mean found?',
      ],
    ]);
    expect([report.passed, report.failed, report.faulty]).toEqual([0, 0, 2]);
  });

  it('takes several documents, lists, and a filter by name', () => {
    const text = `# first\n---\nname: one\n${inputs}\nexpect: { status: succeeded }\n---\n- { name: two, ${inputs}, expect: { status: failed } }\n- { name: three, ${inputs}, expect: { status: succeeded } }\n`;
    expect(run(text).results.map(({ name, outcome }) => [name, outcome.kind])).toEqual([
      ['one', 'passed'],
      ['two', 'failed'],
      ['three', 'passed'],
    ]);
    expect(run(text, 'tw').results.map(({ name }) => name)).toEqual(['two']);
  });

  it('says all that is wrong with files, with their places', () => {
    const files = [
      { path: 'a.yaml', bytes: bytes('name: a\nexpct: {}\n---\nname: b\nexpect: {}\n') },
      { path: 'b.yaml', bytes: bytes('name: c\nexpect: { status: fine }\n---\nname: c\nname: d\n') },
      { path: 'c.yaml', bytes: bytes('- { name: x, expect: { code: A } }\n- { name: x, expect: { code: B } }\n') },
      { path: 'd.yaml', bytes: new Uint8Array([0xff, 0xfe]) },
    ];
    const { faults, scenarios, unread } = readScenarios(files);
    expect(faults.map(({ file, code, line }) => `${file}:${line} ${code}`)).toEqual([
      'a.yaml:1 PACK_FIELD_MISSING',
      'a.yaml:2 PACK_UNKNOWN_FIELD',
      'a.yaml:5 SCENARIO_EXPECTS_NOTHING',
      'b.yaml:2 PACK_ENUM',
      'b.yaml:5 DOC_DUPLICATE_KEY',
      'c.yaml:2 SCENARIO_NAME_TWICE',
      'd.yaml:1 SCENARIO_TEXT',
    ]);
    expect(scenarios.map(({ scenario }) => scenario.name)).toEqual(['x']);
    expect(unread).toBe(6);
  });

  it('counts a scenario that cannot be read as faulty, so that the counters show faults of files', () => {
    for (const text of ['[1', 'name: a\n', `name: a\n${inputs}\nexpect: {}\n`]) {
      const report = run(text);
      expect([text, report.faulty, report.passed, report.faults.length > 0]).toEqual([text, 1, 0, true]);
    }
    const twice = `name: a\n${inputs}\nexpect: { status: succeeded }\n`;
    expect(run(`${twice}---\n${twice}`)).toMatchObject({ passed: 1, faulty: 1, results: { length: 1 } });
  });

  const one = (index: number): string => `name: n${index}\nexpect: { status: succeeded }\n`;
  const item = (index: number): string => `- { name: n${index}, expect: { status: succeeded } }\n`;
  const many = (from: number, to: number, each: (index: number) => string, between = ''): string =>
    Array.from({ length: to - from }, (_, index) => each(from + index)).join(between);

  it.each([
    ['documents', [many(0, MAX_SCENARIOS + 5, one, '---\n')], MAX_SCENARIOS, `0.yaml:${3 * MAX_SCENARIOS}`],
    ['a list', [many(0, MAX_SCENARIOS + 5, item)], MAX_SCENARIOS, `0.yaml:${MAX_SCENARIOS + 1}`],
    ['files', [many(0, 600, item), many(600, 1_005, item), one(2_000)], MAX_SCENARIOS, '1.yaml:401'],
    ['a file more', [many(0, MAX_SCENARIOS, item), one(2_000), 'name: a'], MAX_SCENARIOS, '1.yaml:1'],
    ['faulty ones', [many(0, MAX_SCENARIOS, () => '[1\n', '---\n'), one(1), one(2)], 0, '1.yaml:1'],
  ])('reads no more than there may be of %s, and says where they end', (_, texts, count, place) => {
    const files = texts.map((text, index) => ({ path: `${index}.yaml`, bytes: bytes(text) }));
    const { scenarios, faults } = readScenarios(files);
    expect(scenarios.length).toBe(count);
    const excess = faults.filter(({ code }) => code === 'SCENARIO_TOO_MANY');
    expect(excess.map(({ file, line }) => `${file}:${line}`)).toEqual([place]);
    expect(faults.at(-1)?.code).toBe('SCENARIO_TOO_MANY');
  });

  it('reads as many as there may be', () => {
    const files = [{ path: 'a.yaml', bytes: bytes(`${many(0, MAX_SCENARIOS, one, '---\n')}---\n# the end\n`) }];
    expect(readScenarios(files)).toMatchObject({ scenarios: { length: MAX_SCENARIOS }, faults: [] });
  });

  it('has a JSON Schema that accepts what is read and refuses what is not', () => {
    const schema = compileSchema(scenarioSchema());
    const findings = (value: Json) => (schema.kind === 'schema' ? schema.findings(value).length : -1);
    expect(findings({ name: 'a', expect: { status: 'failed', nodes: { a: 'skipped' } } })).toBe(0);
    expect(findings([{ name: 'a', expect: { status: 'failed' } }])).toBe(0);
    expect(findings({ name: 'a', expect: { status: 'fine' } })).toBeGreaterThan(0);
    expect(findings({ name: 'a' })).toBeGreaterThan(0);
  });
});
