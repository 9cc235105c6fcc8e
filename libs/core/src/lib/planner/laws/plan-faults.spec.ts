import {
  codesOf,
  packFiles,
  packText,
  plan,
  planned,
  testConfiguration,
  testEnvironment,
} from '../../../testing/planning';
import { growthOf } from '../../../testing/steps';

const command = (argv: string): string => `run: { uses: "builtin:command", with: { command: ${argv} } }`;

describe('faults of a plan', () => {
  it('reports ten at once, each at its place', () => {
    const text = packText(
      `
- { id: a, run: { uses: "builtin:comand", with: { x: 1 } } }
- { id: b, effects: pure, run: { uses: "builtin:command", with: { command: "rm -rf /" } } }
- { id: c, when: "{{ steps.late.status == 'succeeded' }}", run: { uses: "builtin:noop" } }
- { id: d, run: { uses: "builtin:noop", with: { x: "{{ steps.lost.outputs.x }}", y: "{{ inputs.nam }}" } } }
- { id: late, name: "{{ inputs.name }}", run: { uses: "builtin:script", with: { interpreter: [pyton3], source: "print('{{ not read }}')" } } }
- { id: e, when: "{{ tenant == 'x' }}", run: { uses: "ext:m@1.0.0", with: {} } }
- { id: f, map: { items: "{{ steps.late.outputs.list }}", step: { id: g, run: { uses: "builtin:noop" } } } }
- { id: h, gate: { approval: owners, message: "{{ steps.b.outputs.exitCode }} {{ inputs.name > 3 }}" } }
`,
      'inputs: [ { name: name, type: string, required: true } ]\napprovals: [ { id: owners, grants: [packs.aprove], expiresAfter: 30d } ]',
    );
    const planning = plan(text, { name: 'x' });
    const lines = text.split('\n');
    const shown =
      planning.kind === 'refused'
        ? planning.faults.map(({ code, line, column }) => [
            code,
            line,
            lines[(line ?? 0) - 1]?.slice((column ?? 0) - 1, (column ?? 0) + 11),
          ])
        : [];
    expect(shown).toEqual([
      ['GATE_GRANT_UNKNOWN', 6, 'packs.aprove'],
      ['GATE_EXPIRY_TOO_LONG', 6, '30d } ]'],
      ['EXECUTOR_UNKNOWN', 8, '"builtin:com'],
      ['PLAN_EFFECTS_LOOSER', 9, 'pure, run: {'],
      ['EXECUTOR_PARAMETER', 9, '"rm -rf /" }'],
      ['EXPR_STEP_ORDER', 10, 'steps.late.s'],
      ['EXPR_UNKNOWN_NAME', 11, 'steps.lost.o'],
      ['EXPR_UNKNOWN_NAME', 11, 'nam }}" } } '],
      ['EXPR_NOT_ALLOWED', 12, '{{ inputs.na'],
      ['SCRIPT_INTERPRETER', 12, 'pyton3], sou'],
      ['EXPR_LATE_BOUND', 13, "tenant == 'x"],
      ['EXECUTOR_UNAVAILABLE', 13, '"ext:m@1.0.0'],
      ['MAP_MAX_ITEMS_MISSING', 14, '"{{ steps.la'],
      ['EXPR_TYPE', 15, 'inputs.name '],
    ]);
  });

  it.each([
    ['(?=a)b', /^Write the pattern in RE2 syntax.*without look-around and back references\.$/],
    ['(a)\\1', /^Write the pattern in RE2 syntax/],
  ])('says of the pattern %s what is read', (pattern, remedy) => {
    const text = packText(
      '- { id: a, run: { uses: "builtin:noop" } }',
      `inputs: [ { name: x, type: string, schema: { pattern: '${pattern}' } } ]`,
    );
    const planning = plan(text);
    expect(planning.kind === 'refused' && planning.faults[0]).toMatchObject({
      code: 'SCHEMA_INVALID',
      remediation: expect.stringMatching(remedy),
    });
  });

  it('warns of a dollar before an expression, which stays in the text', () => {
    const { warnings } = planned(packText('- { id: a, run: { uses: "builtin:noop", with: { x: "a ${{ 1 }}" } } }'));
    expect(warnings).toMatchObject([
      { code: 'EXPR_DOLLAR', line: 6, remediation: expect.stringContaining('without $') },
    ]);
    expect(planned(packText('- { id: a, run: { uses: "builtin:noop", with: { x: "$ {{ 1 }}" } } }')).warnings).toEqual(
      [],
    );
  });

  it('warns of an expression in the source of a script, and not of those of other systems', () => {
    const script = (source: string): string =>
      packText(`- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash], source: "${source}" } } }`);
    expect(planned(script('echo {{ inputs.x }}')).warnings).toMatchObject([
      { code: 'EXPR_IN_SCRIPT', remediation: expect.stringMatching(/env/) },
    ]);
    for (const other of ['docker inspect -f {{.State.Status}}', 'echo {{ item }} {{ value }}', 'echo $IMAGE'])
      expect(planned(script(other)).warnings).toEqual([]);
  });

  it('names the outermost map or loop that can be read, if a step is in several', () => {
    const steps = (read: string): string => `
- { id: outer, map: { items: [1], step: { id: inner, loop: { items: { static: [1] }, body: [ { id: deep, run: { uses: "builtin:noop" } } ] } } } }
- { id: use, run: { uses: "builtin:noop", with: { x: "{{ ${read} }}" } } }`;
    const remedyOf = (read: string): string | undefined => {
      const planning = plan(packText(steps(read)));
      return planning.kind === 'refused' ? planning.faults[0]?.remediation : undefined;
    };
    for (const read of ['steps.deep.outputs', 'steps.inner.outputs', 'deep', 'steps.outer.deep'])
      expect([read, remedyOf(read)]).toEqual([read, expect.stringContaining('Did you mean steps.outer.outputs,')]);
  });

  it('says what to do: the nearest name', () => {
    const text = packText(`
- { id: collect-stale, run: { uses: "builtin:noop" } }
- { id: b, run: { uses: "builtin:noop", with: { x: "{{ steps.colect-stale.outputs }}" } } }
`);
    const planning = plan(text);
    expect(planning.kind === 'refused' && planning.faults[0]?.remediation).toBe('Did you mean collect-stale?');
  });

  it.each([
    [
      'a script with both sources',
      '- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash], path: x.sh, source: y } } }',
      ['EXECUTOR_PARAMETER'],
    ],
    [
      'a script with none',
      '- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash] } } }',
      ['EXECUTOR_PARAMETER'],
    ],
    [
      'a missing and an unknown parameter',
      '- { id: a, run: { uses: "builtin:command", with: { comand: [x] } } }',
      ['EXECUTOR_PARAMETER_MISSING', 'EXECUTOR_PARAMETER_UNKNOWN'],
    ],
    ['an argument that is a list', `- { id: a, ${command('[x, [y]]')} }`, ['EXECUTOR_PARAMETER']],
    ['an empty argv', `- { id: a, ${command('[]')} }`, ['EXECUTOR_PARAMETER']],
    [
      'an exit code',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x], okExitCodes: [256] } } }',
      ['EXECUTOR_PARAMETER'],
    ],
    ['a time', '- { id: a, run: { uses: "builtin:wait", with: { for: soon } } }', ['EXECUTOR_PARAMETER']],
    ['an extension', '- { id: a, run: { uses: "ext:x@1.0.0" } }', ['EXECUTOR_UNAVAILABLE']],
    ['a text as condition', `- { id: a, when: "inputs.x", ${command('[x]')} }`, ['EXPR_TYPE']],
    ['a number as condition', `- { id: a, when: "{{ 1 + 1 }}", ${command('[x]')} }`, ['EXPR_TYPE']],
    ['all steps at once', '- { id: a, run: { uses: "builtin:noop", with: { x: "{{ steps }}" } } }', ['EXPR_ROOT']],
    ['itself', '- { id: a, run: { uses: "builtin:noop", with: { x: "{{ steps.a.status }}" } } }', ['EXPR_STEP_ORDER']],
    [
      'a sibling that runs beside it',
      '- id: p\n  parallel: { steps: [ { id: a, run: { uses: "builtin:noop" } }, { id: b, run: { uses: "builtin:noop", with: { x: "{{ steps.a.outputs }}" } } } ] }',
      ['EXPR_STEP_ORDER'],
    ],
    [
      'a step of another branch',
      '- id: c\n  conditional:\n    branches: [ { when: true, steps: [ { id: a, run: { uses: "builtin:noop" } } ] } ]\n    else: [ { id: b, run: { uses: "builtin:noop", with: { x: "{{ steps.a.outputs }}" } } } ]',
      ['EXPR_STEP_ORDER'],
    ],
    [
      'a step inside a map, from outside',
      '- { id: m, map: { items: [1], step: { id: a, run: { uses: "builtin:noop" } } } }\n- { id: b, run: { uses: "builtin:noop", with: { x: "{{ steps.a.outputs }}" } } }',
      ['EXPR_UNKNOWN_NAME'],
    ],
    [
      'an output that is not there',
      '- { id: a, run: { uses: "builtin:transform", with: { outputs: { one: 1 } } } }\n- { id: b, run: { uses: "builtin:noop", with: { x: "{{ steps.a.outputs.two }}" } } }',
      ['EXPR_UNKNOWN_NAME'],
    ],
    [
      'failed where nothing is cleaned up',
      '- { id: a, run: { uses: "builtin:noop", with: { x: "{{ failed }}" } } }',
      ['EXPR_UNKNOWN_NAME'],
    ],
    [
      'items that are no list',
      '- { id: m, map: { items: "{{ \'x\' }}", step: { id: a, run: { uses: "builtin:noop" } } } }',
      ['MAP_ITEMS_TYPE'],
    ],
    [
      'a circle that the order closes',
      ['a needs d', 'b', 'c', 'd']
        .map(
          (one, i) =>
            `- { id: ${one[0]}, ${['needs: [d], ', 'needs: [], ', '', 'needs: [c], '][i]}run: { uses: "builtin:noop" } }`,
        )
        .join('\n'),
      ['PLAN_NEEDS_CYCLE'],
    ],
    [
      'a destination',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] }, egress: [ { url: "ftp://x" } ] } }',
      ['EGRESS_URL'],
    ],
    [
      'an expression in a destination',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] }, egress: [ { url: "https://{{ inputs.x }}" } ] } }',
      ['EXPR_NOT_ALLOWED'],
    ],
    [
      'an expression in a name',
      '- { id: a, run: { uses: "builtin:noop", with: { "{{ x }}": 1 } } }',
      ['EXPR_NOT_ALLOWED'],
    ],
    [
      'files at one place',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] }, files: { a: { content: 1 }, A: { content: 1 }, b/: "{{ {digest: \'x\'} }}", b/c/d: { content: 1 }, e/f: { content: 1 }, e: { content: 1 }, g/h: { content: 1 }, g/i: { content: 1 } } } }',
      ['FILE_KEY_TAKEN', 'FILE_KEY_TAKEN', 'FILE_KEY_TAKEN'],
    ],
    [
      'files that do not fit their keys',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] }, files: { a/: { content: 1 }, b: "{{ [pack.name] }}", c/: "{{ [pack.name] }}" } } }',
      ['FILE_NOT_A_FILE', 'FILE_NOT_A_FILE'],
    ],
    [
      'what is no file',
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] }, files: { a: text, b: 1, c: { x: 1 }, d: { content: 1 }, e: "{{ 1 }}", f: "{{ {digest: \'x\'} }}" } } }',
      ['FILE_NOT_A_FILE', 'FILE_NOT_A_FILE', 'FILE_NOT_A_FILE', 'FILE_NOT_A_FILE'],
    ],
    [
      'a map in a map, by its item',
      '- { id: m, map: { items: [[1], [2]], step: { id: n, map: { items: "{{ item }}", iterator: inner, step: { id: a, run: { uses: "builtin:noop", with: { x: "{{ inner }}" } } } } } } }',
      [],
    ],
    [
      'no schema',
      '- { id: a, run: { uses: "builtin:validate-schema", with: { target: 1, schema: { type: nothing } } } }',
      ['SCHEMA_INVALID'],
    ],
    [
      'a remote schema',
      '- { id: a, run: { uses: "builtin:validate-schema", with: { target: 1, schema: { $ref: "https://x.test/y" } } } }',
      ['SCHEMA_INVALID'],
    ],
    [
      'a sealed step in an open place',
      '- { id: a, sealedInstall: true, run: { uses: "builtin:noop" } }',
      ['SEALED_INSTALL_REQUIRED'],
    ],
  ])('%s', (_, steps, expected) => {
    expect(codesOf(packText(steps), {}, { files: packFiles({ 'x.sh': '' }) })).toEqual(expected);
  });

  it.each([
    [
      'sensitive inputs',
      'inputs: [ { name: pin, type: string, sensitive: true } ]',
      '',
      ['INPUT_SENSITIVE_UNAVAILABLE'],
    ],
    ['a secret that is not bound', 'secrets: [ { name: key } ]', ', secrets: [key]', ['SECRET_NOT_GRANTED']],
    [
      'a secret in env',
      'secrets: [ { name: key } ]',
      ', env: { KEY: "{{ secrets.key }}", OTHER: "x{{ secrets.key }}" }',
      ['SECRET_NOT_GRANTED', 'SECRET_USE', 'SECRET_NOT_GRANTED'],
    ],
    ['a sealed sandbox', 'sandbox: { mode: sealed }', '', ['SEALED_UNENFORCEABLE']],
    [
      'egress beyond the allowlist of the pack',
      'sandbox: { egressAllowlist: ["a.test"] }',
      ', egress: [ { url: "https://b.test" } ]',
      ['SEALED_EGRESS_DENIED'],
    ],
    ['a policy that is none', 'policies: [ { id: p, engine: cel, source: "1 +" } ]', '', ['POLICY_SYNTAX']],
    ['an engine that is not here', 'policies: [ { id: p, engine: opa, source: "x" } ]', '', ['POLICY_ENGINE_UNKNOWN']],
    ['an empty group', 'inputs: [ { name: x, type: string, default: "" } ]\nconcurrency: { group: "{{ inputs.x }}" }', '', ['PLAN_CONCURRENCY_GROUP']], // prettier-ignore
    ['a group of null', 'inputs: [ { name: x, type: string } ]\nconcurrency: { group: "g-{{ inputs.x }}" }', '', ['EXPR_NULL']], // prettier-ignore
    ['a long group', `concurrency: { group: "${'g'.repeat(201)}" }`, '', ['PLAN_CONCURRENCY_GROUP']],
    ['a group of results', 'concurrency: { group: "{{ steps.a.status }}" }', '', ['EXPR_NOT_ALLOWED']],
    [
      'an output of another type',
      'outputs: [ { name: x, type: integer, value: "{{ steps.a.status }}" } ]',
      '',
      ['PLAN_OUTPUT_TYPE'],
    ],
    [
      'a default with an expression',
      'inputs: [ { name: x, type: string, default: "{{ y }}" } ]',
      '',
      ['EXPR_NOT_ALLOWED'],
    ],
  ])('%s', (_, spec, run, expected) => {
    expect(
      codesOf(packText(`- { id: a, run: { uses: "builtin:command", with: { command: [x] }${run} } }`, spec)),
    ).toEqual(expected);
  });

  it('lets sensitive inputs flow into with, env and files only, and hides them', () => {
    const spec = 'inputs: [ { name: pin, type: string, sensitive: true } ]';
    const configuration = { ...testConfiguration, sensitiveInputs: true };
    const text = packText(
      '- { id: a, run: { uses: "builtin:command", with: { command: [x] }, env: { PIN: "{{ inputs.pin }}" } } }',
      spec,
    );
    const planning = plan(text, { pin: '4711-0815' }, { configuration });
    expect(planning.kind === 'planned' && [planning.plan.inputs, planning.values, planning.sensitive]).toEqual([
      { pin: { sensitive: true } },
      { pin: '4711-0815' },
      ['pin'],
    ]);
    const leaks = packText(
      '- { id: a, when: "{{ inputs.pin == \'1\' }}", run: { uses: "builtin:noop", with: { x: "{{ inputs.pin }}", y: "{{ inputs }}" } } }',
      spec,
    );
    expect(codesOf(leaks, { pin: '4711-0815' }, { configuration })).toEqual([
      'SENSITIVE_FLOW',
      'SENSITIVE_FLOW',
      'SENSITIVE_FLOW',
    ]);
  });

  it('hands secrets over where they are bound, and never as arguments', () => {
    const granted = { key: { provider: 'files', requireGate: false }, gated: { provider: 'files', requireGate: true } };
    const configuration = { ...testConfiguration, secrets: granted, sensitiveInputs: true };
    const spec =
      'approvals: [ { id: owners } ]\ninputs: [ { name: pin, type: string, sensitive: true } ]\nsecrets: [ { name: key }, { name: gated }, { name: other, required: false } ]';
    const using = (run: string, before = ''): readonly string[] =>
      codesOf(
        packText(`${before}- { id: a, run: { uses: "builtin:command", with: { command: [x] }, ${run} } }`, spec),
        { pin: '4711-0815' },
        { configuration },
      );
    expect(using('secrets: [key, other], env: { K: "{{ secrets.key }}" }')).toEqual([]);
    expect(using('env: { K: "{{ secrets.other }}" }')).toEqual(['SECRET_NOT_GRANTED']);
    expect(using('secrets: [gated]')).toEqual(['SECRET_NOT_GRANTED']);
    expect(using('env: { K: "{{ secrets.gated }}" }')).toEqual(['SECRET_NOT_GRANTED']);
    const gate = '- { id: go, gate: { approval: owners, message: "go?" } }\n';
    expect(using('secrets: [gated], env: { K: "{{ secrets.gated }}" }', gate)).toEqual([]);
    expect(using('secrets: [ key, { name: gated, file: key } ]', gate)).toEqual(['SECRET_USE']);
    expect(using('env: { K: x }, secrets: [ { name: key, env: K } ]')).toEqual(['SECRET_USE']);
    for (const value of ['{{ secrets.key }}', '{{ inputs.pin }}', '{{ inputs }}']) {
      const command = packText(
        `- { id: a, run: { uses: "builtin:command", with: { command: [x, "${value}"] } } }`,
        spec,
      );
      const script = packText(
        `- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash], source: x, args: ["${value}"] } } }`,
        spec,
      );
      for (const text of [command, script])
        expect(codesOf(text, { pin: '4711-0815' }, { configuration })).toContain('SENSITIVE_FLOW');
    }
  });

  it.each([
    ['short', 'string', '1234567', ['INPUT_SENSITIVE_WEAK']],
    ['common', 'string', 'password1', ['INPUT_SENSITIVE_WEAK']],
    ['a truth', 'boolean', true, ['INPUT_SENSITIVE_WEAK']],
    ['a short number', 'integer', 4711, ['INPUT_SENSITIVE_WEAK']],
    ['a long number', 'integer', 47110815123, []],
    ['an object without one', 'object', { a: ['x', 1] }, ['INPUT_SENSITIVE_WEAK']],
    ['an object with one', 'object', { a: ['x', '4711-0815'] }, []],
    ['a file', 'file', { digest: `sha256:${'0'.repeat(64)}`, size: 1 }, ['INPUT_SENSITIVE_FILE']],
  ])('a sensitive input that is %s', (_, type, value, expected) => {
    const configuration = { ...testConfiguration, sensitiveInputs: true };
    const text = packText(
      '- { id: a, run: { uses: "builtin:noop" } }',
      `inputs: [ { name: pin, type: ${type}, sensitive: true } ]`,
    );
    expect(codesOf(text, { pin: value }, { configuration })).toEqual(expected);
  });

  it('refuses a sensitive input that the pack itself tells, and says no value of one', () => {
    const configuration = { ...testConfiguration, sensitiveInputs: true };
    const steps = '- { id: a, run: { uses: "builtin:noop" } }';
    const preset = packText(steps, 'inputs: [ { name: pin, type: string, sensitive: true, default: long-enough-1 } ]');
    expect(codesOf(preset, {}, { configuration })).toEqual(['INPUT_SENSITIVE_DEFAULT']);
    const strict = packText(
      steps,
      'inputs: [ { name: pin, type: string, sensitive: true, schema: { pattern: "^[0-9]+$" } } ]',
    );
    const planning = plan(strict, { pin: 'geheim-geheim' }, { configuration });
    expect(planning.kind === 'refused' && planning.faults.map(({ code }) => code)).toEqual(['INPUT_INVALID']);
    expect(JSON.stringify(planning)).not.toContain('geheim');
  });

  it('seals: declared egress must be on both lists', () => {
    const environment = { ...testEnvironment, mode: 'sealed' as const };
    const configuration = { ...testConfiguration, egress: [{ scheme: 'https' as const, host: '*.test', port: 443 }] };
    const text = (host: string): string =>
      packText(
        `- { id: a, run: { uses: "builtin:command", with: { command: [x] }, egress: [ { url: "https://${host}" } ] } }`,
        'sealedInstall: true\nsandbox: { mode: sealed, egressAllowlist: [a.test, b.other] }',
      );
    expect(codesOf(text('a.test'), {}, { environment, configuration })).toEqual([]);
    expect(codesOf(text('b.other'), {}, { environment, configuration })).toEqual(['SEALED_EGRESS_DENIED']);
    const planning = plan(text('b.other'), {}, { environment, configuration });
    expect(planning.kind === 'refused' && planning.faults[0]?.aliases).toEqual(['AIRGAP_EGRESS_BLOCKED']);
  });
});

describe('inputs of a plan', () => {
  const spec = `
inputs:
  - { name: image, type: string, required: true, schema: { pattern: "^[a-z]+$" } }
  - { name: level, type: string, enum: [low, high], default: low }
  - { name: report, type: file }
  - { name: hosts, type: array, schema: schemas/hosts.json, default: [] }
  - { name: count, type: integer }`;
  const files = packFiles({ 'schemas/hosts.json': '{"items": {"type": "string", "maxLength": 3}}' });
  const text = packText('- { id: a, run: { uses: "builtin:noop" } }', spec);
  const digest = `sha256:${'0'.repeat(64)}`;
  it.each<[string, Record<string, never> | object, readonly string[]]>([
    ['nothing', {}, ['INPUT_MISSING']],
    ['a misspelt name', { image: 'a', levle: 'low' }, ['INPUT_UNKNOWN']],
    [
      'wrong types',
      { image: 1, hosts: {}, count: 1.5, report: 'x' },
      ['INPUT_TYPE', 'INPUT_TYPE', 'INPUT_TYPE', 'INPUT_TYPE'],
    ],
    ['what a schema refuses', { image: 'A', hosts: ['abcd', 1] }, ['INPUT_INVALID', 'INPUT_INVALID', 'INPUT_INVALID']],
    ['none of an enum', { image: 'a', level: 'mid' }, ['INPUT_ENUM']],
    ['half a character', { image: '\ud800' }, ['INPUT_MALFORMED']],
    ['a number too large', { image: 'a', count: 2 ** 53 }, ['INPUT_MALFORMED']],
    ['a member that decides', { image: 'a', hosts: [JSON.parse('{"__proto__": 1}')] }, ['INPUT_MALFORMED']],
    [
      'too deep',
      { image: 'a', hosts: JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as object },
      ['INPUT_MALFORMED'],
    ],
    ['a file', { image: 'a', report: { digest, size: 3, name: 'x' } }, []],
  ])('%s', (_, inputs, expected) => {
    expect(codesOf(text, inputs, { files })).toEqual(expected);
  });

  it('more than 16 MiB', () => {
    // No pattern: it would be looked for in all of the text.
    const plain = packText('- { id: a, run: { uses: "builtin:noop" } }', 'inputs: [ { name: text, type: string } ]');
    expect(codesOf(plain, { text: 'a'.repeat(16 * 1024 * 1024) })).toEqual(['INPUT_TOO_LARGE']);
    expect(codesOf(plain, { text: 'a'.repeat(16 * 1024 * 1024 - 100) })).toEqual([]);
  });

  it('applies defaults before hashing; optional inputs are null', () => {
    const planning = plan(text, { image: 'a', report: { digest, size: 3, name: 'x' } }, { files });
    expect(planning.kind === 'planned' && planning.plan.inputs).toEqual({
      image: 'a',
      level: 'low',
      report: { digest, size: 3 },
      hosts: [],
      count: null,
    });
  });

  it.each(['(a+)+$', '(a|aa)+$', '^(\\w+\\s?)*$', '(.*)*x$'])('runs the pattern %s in linear steps', (pattern) => {
    const slow = packText(
      '- { id: a, run: { uses: "builtin:noop" } }',
      `inputs: [ { name: x, type: string, schema: { pattern: '${pattern}' } } ]`,
    );
    // So short that also an engine that backtracks ends; its steps are none of JavaScript, and do not grow.
    for (const size of [6, 1_000]) {
      const growth = growthOf((length) => plan(slow, { x: `${'a'.repeat(length)}x!` }), size);
      expect(growth).toBeGreaterThan(1.8);
      expect(growth).toBeLessThan(2.2);
    }
  });
});
