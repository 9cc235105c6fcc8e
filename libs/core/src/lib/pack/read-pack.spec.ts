import type { Json } from '../foundation/json';
import { contentDigest, toManifest } from './pack-digest';
import { NO_FILES, type PackFiles } from './pack-files';
import { readPack } from './read-pack';
import { CANONICAL, filesOf, HEAD, NOOP, PUBLISHED, readText } from '../../testing/pack-texts';

function faults(text: string, files: PackFiles = NO_FILES): string[] {
  const reading = readPack(text, files);
  return reading.kind === 'read' ? [] : reading.faults.map((f) => `${f.code} ${f.path} ${f.line}:${f.column}`);
}

/** The faults of a pack whose steps are these lines, with lines counted from the first step. */
function stepFaults(lines: string, spec = ''): string[] {
  const before = `${HEAD}spec:\n${spec}  steps:\n`;
  const skip = before.split('\n').length - 1;
  return faults(before + lines).map((line) =>
    line.replace(/ (\d+):(\d+)$/, (_, row: string, column: string) => ` ${Number(row) - skip}:${column}`),
  );
}

it('shows how one name is written as a list', () => {
  const reading = readPack(`${HEAD}spec:\n  steps:\n    - { id: a, needs: b, ${NOOP} }\n`, NO_FILES);
  expect(reading).toMatchObject({ faults: [{ code: 'PACK_FIELD_TYPE', remediation: 'Write it as a list: [b].' }] });
});

it('reports sixteen different faults of one manifest at once, each with its line and column', () => {
  const text = `apiVersion: stellaops.io/pack.v2
kind: TaskPack
metadata:
  name: Not_A_Label
  version: "1.0"
  licence: MIT
spec:
  timeout: 3 hours
  secrets: [ { name: token } ]
  approvals: [ { id: owners, minApprovals: 0 } ]
  steps:
    - id: first
      run: { uses: "builtin:noop", env: { LD_PRELOAD: x } }
    - id: first
      retires: { maxAttempts: 2 }
      run: { uses: shell, secrets: [tokne] }
    - id: ok
      retries: { maxAttempts: 3 }
      gate: { approval: owner }
    - id: none
      needs: [frist]
      runOn: sometimes
    - run: { uses: "builtin:noop" }
`;
  expect(faults(text)).toEqual([
    'PACK_API_VERSION /apiVersion 1:13',
    'PACK_NAME /metadata/name 4:9',
    'PACK_VERSION /metadata/version 5:12',
    'PACK_UNKNOWN_FIELD /metadata/licence 6:3',
    'PACK_DURATION /spec/timeout 8:12',
    'PACK_RANGE /spec/approvals/0/minApprovals 10:44',
    'PACK_ENV_RESERVED /spec/steps/0/run/env/LD_PRELOAD 13:43',
    'PACK_DUPLICATE_ID /spec/steps/1/id 14:11',
    'PACK_UNKNOWN_FIELD /spec/steps/1/retires 15:7',
    'PACK_USES /spec/steps/1/run/uses 16:20',
    'PACK_UNKNOWN_SECRET /spec/steps/1/run/secrets/0 16:37',
    'PACK_GATE_FIELD /spec/steps/2/retries 18:7',
    'PACK_UNKNOWN_APPROVAL /spec/steps/2/gate/approval 19:25',
    'PACK_STEP_KIND /spec/steps/3 20:7',
    'PACK_ENUM /spec/steps/3/runOn 22:14',
    'PACK_FIELD_MISSING /spec/steps/4 23:7',
  ]);
  const reading = readPack(text);
  expect(reading).toMatchObject({
    faults: expect.arrayContaining([
      expect.objectContaining({ code: 'PACK_UNKNOWN_FIELD', remediation: 'Did you mean license?' }),
      expect.objectContaining({ code: 'PACK_UNKNOWN_FIELD', remediation: 'Did you mean retries?' }),
      expect.objectContaining({ code: 'PACK_UNKNOWN_SECRET', remediation: 'Did you mean token?' }),
    ]) as Json,
  });
});

describe('each fault', () => {
  it.each<[string, string, string[]]>([
    ['no kind', '    - id: a\n', ['PACK_STEP_KIND /spec/steps/0 1:7']],
    [
      'two kinds',
      `    - { id: a, ${NOOP}, group: { steps: [ { id: b, ${NOOP} } ] } }\n`,
      ['PACK_STEP_KIND /spec/steps/0 1:7'],
    ],
    ['a type without its body', '    - { id: a, type: loopy }\n', ['PACK_STEP_KIND /spec/steps/0/type 1:22']],
    [
      'a file at a path that is none, from a file that is not there',
      '    - { id: a, run: { uses: "builtin:command", with: { command: [x] }, files: { "../x": "pack:y" } } }\n',
      ['PACK_PATH /spec/steps/0/run/files/..~1x 1:81', 'PACK_FILE_MISSING /spec/steps/0/run/files/..~1x 1:89'],
    ],
    ['an id of capitals', `    - { id: Scan, ${NOOP} }\n`, ['PACK_ID /spec/steps/0/id 1:13']],
    ['an id that objects have', `    - { id: constructor, ${NOOP} }\n`, ['PACK_RESERVED_NAME /spec/steps/0/id 1:13']],
    ['an id in Cyrillic', `    - { id: pаck, ${NOOP} }\n`, ['PACK_ID /spec/steps/0/id 1:13']],
    [
      'an id with a letter that only looks ASCII',
      `    - { id: pac\u212a, ${NOOP} }\n`,
      ['PACK_ID /spec/steps/0/id 1:13'],
    ],
    [
      'a type of another kind',
      `    - { id: a, type: loop, ${NOOP} }\n`,
      ['PACK_STEP_KIND /spec/steps/0 1:7', 'PACK_FIELD_MISSING /spec/steps/0/type 1:22'],
    ],
    ['a type that is a field', `    - { id: a, type: id, ${NOOP} }\n`, ['PACK_STEP_KIND /spec/steps/0/type 1:22']],
    ['an id of dots', `    - { id: .., ${NOOP} }\n`, ['PACK_ID /spec/steps/0/id 1:13']],
    ['a number for a text', `    - { id: a, name: 1, ${NOOP} }\n`, ['PACK_FIELD_TYPE /spec/steps/0/name 1:22']],
    ['nothing for a list', `    - { id: a, needs: , ${NOOP} }\n`, ['PACK_FIELD_TYPE /spec/steps/0/needs 1:23']],
    [
      'unknown needs',
      `    - { id: a, ${NOOP} }\n    - { id: b, needs: [c], ${NOOP} }\n`,
      ['PACK_NEEDS_UNKNOWN /spec/steps/1/needs/0 2:24'],
    ],
    [
      'needs in another list',
      `    - { id: g, group: { steps: [ { id: a, ${NOOP} } ] } }\n    - { id: b, needs: [a], ${NOOP} }\n`,
      ['PACK_NEEDS_UNKNOWN /spec/steps/1/needs/0 2:24'],
    ],
    [
      'needs in a circle',
      `    - { id: a, needs: [b], ${NOOP} }\n    - { id: b, needs: [a], ${NOOP} }\n`,
      ['PACK_NEEDS_CYCLE /spec/steps/0/needs 1:23'],
    ],
    ['needs of itself', `    - { id: a, needs: [a], ${NOOP} }\n`, ['PACK_NEEDS_CYCLE /spec/steps/0/needs 1:23']],
    [
      'needs against the order of the list',
      `    - { id: a, needs: [c], ${NOOP} }\n    - { id: b, ${NOOP} }\n    - { id: c, ${NOOP} }\n`,
      ['PACK_NEEDS_CYCLE /spec/steps/0/needs 1:23'],
    ],
    [
      'an id again in a group',
      `    - { id: a, ${NOOP} }\n    - { id: g, group: { steps: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_DUPLICATE_ID /spec/steps/1/group/steps/0/id 2:40'],
    ],
    [
      'retries on a group',
      `    - { id: g, retries: {}, group: { steps: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_FIELD_NOT_ALLOWED /spec/steps/0/retries 1:16'],
    ],
    [
      'all that a gate has not',
      '    - { id: g, retries: {}, continueOnError: true, effects: pure, gate: { approval: a } }\n',
      [
        'PACK_GATE_FIELD /spec/steps/0/retries 1:16',
        'PACK_GATE_FIELD /spec/steps/0/continueOnError 1:29',
        'PACK_GATE_FIELD /spec/steps/0/effects 1:52',
        'PACK_UNKNOWN_APPROVAL /spec/steps/0/gate/approval 1:85',
      ],
    ],
    ['a gate for nothing', '    - { id: g, gate: {} }\n', ['PACK_FIELD_MISSING /spec/steps/0/gate 1:22']],
    [
      'a gate for people who are named elsewhere',
      '    - { id: g, gate: { approvers: [grace] } }\n',
      ['PACK_FIELD_MISSING /spec/steps/0/gate 1:22', 'PACK_UNKNOWN_FIELD /spec/steps/0/gate/approvers 1:24'],
    ],
    [
      'a gate of both kinds',
      '    - { id: g, gate: { approval: a, policy: b } }\n',
      expect.arrayContaining(['PACK_FIELDS_EXCLUSIVE /spec/steps/0/gate 1:22']) as string[],
    ],
    [
      'an unknown field deep inside',
      `    - { id: a, run: { uses: "builtin:noop", artifact: [] } }\n`,
      ['PACK_UNKNOWN_FIELD /spec/steps/0/run/artifact 1:45'],
    ],
    [
      'two spellings of one field',
      '    - { id: m, map: { items: [1], step: {}, steps: [ { id: a, run: { uses: "builtin:noop" } } ] } }\n',
      ['PACK_SPELLED_TWICE /spec/steps/0/map/step 1:35'],
    ],
    [
      'an iterator with a meaning',
      `    - { id: m, map: { items: [1], iterator: inputs, steps: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_RESERVED_NAME /spec/steps/0/map/iterator 1:45'],
    ],
    [
      'one name for item and index',
      `    - { id: m, map: { items: [1], iterator: x, index: x, steps: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_FIELDS_EXCLUSIVE /spec/steps/0/map/index 1:55'],
    ],
    [
      'a loop over nothing',
      `    - { id: l, loop: { body: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_FIELD_MISSING /spec/steps/0/loop 1:22'],
    ],
    [
      'a loop over two things',
      `    - { id: l, loop: { items: { expression: x, static: [] }, body: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_FIELDS_EXCLUSIVE /spec/steps/0/loop/items 1:31'],
    ],
    [
      'a range by zero',
      `    - { id: l, loop: { items: { range: { start: 0, end: 1, step: 0 } }, body: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_RANGE /spec/steps/0/loop/items/range/step 1:66'],
    ],
    [
      'too many iterations',
      `    - { id: l, loop: { until: true, maxIterations: 10001, body: [ { id: a, ${NOOP} } ] } }\n`,
      ['PACK_RANGE /spec/steps/0/loop/maxIterations 1:52'],
    ],
    [
      'an empty list of steps',
      '    - { id: g, group: { steps: [] } }\n',
      ['PACK_FIELD_EMPTY /spec/steps/0/group/steps 1:32'],
    ],
    [
      'a path out of the task',
      '    - { id: a, run: { uses: "builtin:noop", artifacts: [ { name: x, path: ../x } ] } }\n',
      ['PACK_PATH /spec/steps/0/run/artifacts/0/path 1:75'],
    ],
    [
      'approvals for no inner pack',
      '    - { id: a, run: { uses: "builtin:noop", approvals: { a: o } } }\n',
      ['PACK_FIELD_NOT_ALLOWED /spec/steps/0/run/approvals 1:45'],
    ],
    [
      'an extension without version',
      '    - { id: a, run: { uses: "ext:iam" } }\n',
      ['PACK_USES /spec/steps/0/run/uses 1:29'],
    ],
  ])('%s', (_, lines, expected) => {
    const spec = lines.includes('approvals: { a') ? '  approvals: [ { id: o } ]\n' : '';
    expect(stepFaults(lines, spec)).toEqual(expected);
  });

  it('of a faulty list does not hide the others, nor invent any', () => {
    expect(
      stepFaults('    - { id: A, run: { uses: "builtin:noop" } }\n    - { id: b, needs: [a], run: { uses: x } }\n'),
    ).toEqual(['PACK_ID /spec/steps/0/id 1:13', 'PACK_USES /spec/steps/1/run/uses 2:41']);
  });

  it('is one of the document when it is no object at all', () => {
    expect(faults('')).toEqual(['PACK_FIELD_TYPE  1:1']);
    expect(faults('[]')).toEqual(['PACK_FIELD_TYPE  1:1']);
    expect(faults('a: &x 1')).toContain('DOC_ANCHOR /a 1:4');
  });

  it('are at most 1 000, the first of the document', () => {
    const lines = Array.from({ length: 1_200 }, (_, i) => `    - { id: s${i}, nam: x, ${NOOP} }\n`).join('');
    const reported = stepFaults(lines);
    expect([reported.length, reported[0], reported.at(-1)]).toEqual([
      1_000,
      'PACK_UNKNOWN_FIELD /spec/steps/0/nam 1:17',
      'PACK_UNKNOWN_FIELD /spec/steps/999/nam 1000:19',
    ]);
  });

  it('guess names for the first 200 faults only: guessing takes time', () => {
    const lines = Array.from({ length: 300 }, (_, i) => `    - { id: s${i}, nam: x, ${NOOP} }\n`).join('');
    const reading = readPack(`${HEAD}spec:\n  steps:\n${lines}`);
    const remedies = reading.kind === 'refused' ? reading.faults.map(({ remediation }) => remediation) : [];
    expect(remedies.filter((text) => text === 'Did you mean name?')).toHaveLength(200);
    expect(remedies.at(-1)).toMatch(/^Known fields: id, name, /);
  });

  it('of too many steps is told once', () => {
    const lines = Array.from({ length: 10_001 }, (_, i) => `    - { id: s${i}, ${NOOP} }\n`).join('');
    expect(stepFaults(lines)).toEqual(['PACK_TOO_MANY_STEPS /spec/steps/10000 10001:7']);
  });
});

describe('files', () => {
  it('are one file each, on every file system, under names that an archive may hold', () => {
    const names = (...paths: readonly string[]) => filesOf(Object.fromEntries(paths.map((path) => [path, ''])));
    expect(faults(CANONICAL, names('Makefile', 'docs/a'))).toEqual([]);
    expect(faults(CANONICAL, names('Makefile', 'makefile'))).toEqual([expect.stringMatching('^PACK_PATH')]);
    expect(faults(CANONICAL, names('a\u0085b'))).toEqual([expect.stringMatching('^PACK_PATH')]);
  });

  const pack = `${HEAD}spec:
  inputs: [ { name: a, type: object, schema: schemas/a.json } ]
  policies: [ { id: p, engine: cedar, path: ../p.cedar } ]
  steps:
    - { id: s, run: { uses: "builtin:script", with: { path: ./bin/run.sh } } }
    - { id: v, run: { uses: "builtin:validate-schema", with: { schema: "schemas/{{ inputs.a }}" } } }
    - { id: i, run: { uses: "pack:./packs/inner" } }
`;
  it('that are referred to must be there', () => {
    expect(faults(pack)).toEqual([
      'PACK_FILE_MISSING /spec/inputs/0/schema 5:46',
      'PACK_PATH /spec/policies/0/path 6:45',
      'PACK_FILE_MISSING /spec/steps/0/run/with/path 8:61',
      'PACK_FILE_MISSING /spec/steps/2/run/uses 10:29',
    ]);
  });

  it('are found, unless .packignore names them', () => {
    const contents = { 'schemas/a.json': '{}', 'bin/run.sh': '', 'packs/inner/pack.yaml': '' };
    const sound = pack.replace('../p.cedar', 'schemas/a.json');
    expect(faults(sound, filesOf(contents))).toEqual([]);
    expect(faults(sound, filesOf({ ...contents, '.packignore': 'bin/\n' }))).toEqual([
      'PACK_FILE_MISSING /spec/steps/0/run/with/path 8:61',
    ]);
  });
});

describe('published spellings', () => {
  it('read as the canonical ones', () => {
    expect(toManifest(readText(PUBLISHED))).toEqual(toManifest(readText(CANONICAL)));
    expect(contentDigest(readText(PUBLISHED), NO_FILES)).toBe(contentDigest(readText(CANONICAL), NO_FILES));
  });

  it.each([
    ['gate.approval: { approval: o, message: hi }', 'gate: { approval: o, message: hi }'],
    ['gate.approval: o', 'gate: { approval: o }'],
    ['gate.policy: { policy: p, parameters: { x: 1 } }', 'gate: { policy: p, with: { x: 1 } }'],
    ['gate: { policy: { policy: p, parameters: { x: 1 } } }', 'gate: { policy: p, with: { x: 1 } }'],
    ['{ type: policy-gate, policy: p, parameters: { x: 1 } }', 'gate: { policy: p, with: { x: 1 } }'],
    [
      '{ type: conditional, branches: [ { when: true, then: [ { id: x, run: { uses: "builtin:noop" } } ] } ] }',
      'conditional: { branches: [ { when: true, steps: [ { id: x, run: { uses: "builtin:noop" } } ] } ] }',
    ],
    ['{ type: run, run: { uses: "builtin:cli-command" } }', 'run: { uses: "builtin:command" }'],
  ])('%s is %s', (published, canonical) => {
    const whole = (body: string) =>
      `${HEAD}spec:\n  approvals: [ { id: o } ]\n  policies: [ { id: p, engine: cel, source: x } ]\n  steps:\n    - { id: a, ${body.replace(/^\{ | \}$/g, (brace) => (body.startsWith('{') ? '' : brace))} }\n`;
    expect(toManifest(readText(whole(published)))).toEqual(toManifest(readText(whole(canonical))));
  });

  it('keep the places of what they hold', () => {
    const reading = readPack(PUBLISHED);
    if (reading.kind === 'refused') throw new Error('refused');
    expect(reading.locate('/spec/steps/0/gate/message')).toEqual({
      path: '/spec/steps/0/message',
      line: 8,
      column: 59,
    });
    expect(reading.locate('/spec/steps/1/gate/with/x').path).toBe('/spec/steps/1/gate.policy/parameters/x');
    expect(reading.locate('/spec/steps/2/loop/body/0/run/uses').path).toBe('/spec/steps/2/body/0/run/uses');
    expect(reading.locate('/spec/steps/3/conditional/branches/0/steps/0/id').path).toBe('/spec/steps/3/then/0/id');
    expect(reading.locate('/spec/steps/4/retries/backoff').path).toBe('/spec/steps/4/retries/backoffSeconds');
    expect(reading.locate('/spec/steps/5/map/steps/0/id')).toEqual({
      path: '/spec/steps/5/map/step/id',
      line: 14,
      column: 47,
    });
    const step = reading.pack.spec.steps[3];
    expect(step?.body.kind === 'conditional' && step.body.branches[0]?.steps[0]?.position).toEqual({
      line: 12,
      column: 67,
    });
  });

  it('are faulty in the place where they are written', () => {
    expect(
      stepFaults(`    - { id: a, type: loop, body: [ { id: B, ${NOOP} } ], maxIterations: x, until: true }\n`),
    ).toEqual([
      'PACK_ID /spec/steps/0/body/0/id 1:42',
      `PACK_FIELD_TYPE /spec/steps/0/maxIterations 1:${`    - { id: a, type: loop, body: [ { id: B, ${NOOP} } ], maxIterations: `.length + 1}`,
    ]);
  });
});
