import fc from 'fast-check';
import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { packFiles, packText, planned, testConfiguration } from '../../testing/planning';
import { isVerbatim } from '../pack/model/parameter-spellings';
import { BUILTIN_EXECUTORS } from '../plan/builtin-executors';
import { compareReceipts, hashPlan } from '../plan/hash-plan';
import { searched, searchedCases } from '../../testing/runs-of-laws';

const steps = `
- id: scan
  name: Scan the image
  retries: { maxAttempts: 3, backoff: 10s, on: [EXIT_2, EXIT_1] }
  run:
    uses: builtin:command
    with: { command: [grype, "{{inputs.image}}"], okExitCodes: [1, 0] }
    env: { LEVEL: "{{ inputs.level }}" }
    egress: [ { url: "https://registry.test", intent: pull }, { url: "https://a.test" } ]
    artifacts: [ { name: report, path: out/report.json }, { name: log, path: out/log/ } ]
    outputs: { critical: { type: integer }, ids: { type: array } }
- id: summary
  run: { uses: "builtin:transform", with: { outputs: { critical: "{{ steps.scan.outputs.critical }}", rule: "{{ steps.check.outputs.valid }}" } } }
  needs: [scan, check]
- id: check
  needs: [scan]
  run: { uses: "builtin:validate-schema", with: { target: "{{ steps.scan.outputs.ids }}", schema: schemas/ids.json } }
- id: radius
  gate: { policy: blast, with: { critical: "{{ steps.summary.outputs.critical }}" }, overrideApproval: owners }
- id: approve
  when: "{{ not inputs.dry }}"
  gate: { approval: owners, message: "Redeploy {{ inputs.image }}", show: { ids: "{{ steps.scan.outputs.ids }}" } }
- id: rollout
  map:
    items: "{{ inputs.regions }}"
    iterator: region
    label: "{{ region }}"
    maxParallel: 2
    steps:
      - { id: deploy, effects: once, run: { uses: "builtin:script", with: { interpreter: [bash], source: "echo {{ not ours }}", args: ["{{ region }}"] } } }
      - { id: undo, runOn: failure, run: { uses: "builtin:command", with: { command: [undo, "{{ join(',', failed) }}"] } } }
    outputs: { region: "{{ region }}", status: "{{ steps.deploy.status }}" }
- id: both
  parallel:
    maxParallel: 1
    steps:
      - { id: left, run: { uses: "builtin:wait", with: { for: 90s } } }
      - { id: right, needs: [left], run: { uses: "builtin:noop", with: { n: 1 } } }
- id: choice
  conditional:
    branches: [ { when: "{{ inputs.level == 'high' }}", steps: [ { id: stop, run: { uses: "builtin:fail", with: { message: no } } } ] } ]
    else: [ { id: go, run: { uses: "builtin:noop" } } ]
- id: last
  runOn: always
  group: { steps: [ { id: tell, run: { uses: "builtin:noop", with: { status: "{{ steps.both.status }}" } } } ] }`;
const spec = `
timeout: 2h
concurrency: { group: "image-{{ inputs.image }}" }
inputs:
  - { name: image, type: string, required: true }
  - { name: level, type: string, enum: [low, high], default: low }
  - { name: regions, type: array, required: true, schema: { items: { type: string } } }
  - { name: dry, type: boolean, default: false }
approvals: [ { id: owners, grants: [role:sec-lead, packs.approve], minApprovals: 2, expiresAfter: 4h, reasonRequired: true } ]
policies: [ { id: blast, engine: cel, level: soft-mandatory, source: "params.critical <= 3" } ]
outputs: [ { name: releases, type: array, value: "{{ steps.rollout.outputs }}" } ]
success: { message: "{{ inputs.image }} is out" }
failure: { message: "{{ length(failed) }} failed", retries: { maxAttempts: 2 } }`;
const files = packFiles({ 'schemas/ids.json': '{"type": "array", "items": {"type": "string"}}' });
const inputs = { image: 'registry.test/a', regions: ['eu', 'us'] };
const text = packText(steps, spec);

describe('the concurrency group of a run', () => {
  const group = (value: string, supplied: JsonObject) => {
    const planning = planned(packText('- { id: a, workers: [gpu, eu], run: { uses: "builtin:noop" } }\n- { id: b, group: { steps: [ { id: c, workers: [eu, big], run: { uses: "builtin:noop" } } ] } }', `inputs: [ { name: env, type: string } ]\nconcurrency: { group: ${value}, onConflict: refuse }`), supplied); // prettier-ignore
    return { claim: planning.concurrency, rule: planning.plan.concurrency, workers: planning.workerLabels };
  };

  it('is what its expression is for these inputs; the plan keeps the expression', () => {
    expect(group('"deploy-{{ inputs.env }}-{{ pack.name }}"', { env: 'prod' })).toMatchObject({
      claim: { group: expect.stringMatching(/^deploy-prod-/) as string, onConflict: 'refuse' },
      rule: { group: 'deploy-{{ inputs.env }}-{{ pack.name }}', onConflict: 'refuse' },
    });
  });

  it('comes with the labels that workers need: those of all steps', () => {
    expect(group('one', {}).workers).toEqual(['big', 'eu', 'gpu']);
  });
});

describe('the plan of a pack', () => {
  it('is pinned: a hash that moves is a new hash version', () => {
    const { planHash, receipt } = planned(text, inputs, { files });
    expect({ planHash, receipt }).toMatchInlineSnapshot(`
      {
        "planHash": "sha256:3fa2897b70cec678f71ee20fd97076a2cd95e95741ad22c86a448c62ebfa1204",
        "receipt": {
          "approvals": "sha256:76f7c384158d4d8d2b05caca83943c33285a83fd5810cb94c825f02ab38fed97",
          "concurrency": "sha256:d461f37cd2f6eebf42daa5b8d913ed2893e2890a814d325327e41827f4b873c4",
          "executors": "sha256:a7b3647addec486e19f897084d38996b452024f98ebe5004b31f6f0bd7aebfb5",
          "graph": "sha256:ee63288005cca794cae935f09b2d620216948fd040cab7951f4146a79021f25f",
          "inputs": "sha256:4f6a9fc1f62e1ac439a733b0b9a149538cdead382dc89255946cb6dce1defd7c",
          "messages": "sha256:b04c7a280843d48c7e309408c292deef7b74202938738f501fb1fd12d3a88d7d",
          "outputs": "sha256:2e9324d7c7962e3191ba25f1ebcad3ce2b9e4ca8f1d62eb7c189bfa428e45978",
          "pack": "sha256:fc535d26d186fdb96c5679537a671d932e556a7b970639bc630bd5f15303386a",
          "policies": "sha256:ef946ffe79ff860af1e710916cbfdf0ce47f48448cc751e901b901469fb3e14a",
          "sandbox": "sha256:400958fff410ab7ffe37437bd9f9b66751893613c95f05874aefeddbaf8e09c2",
          "schema": "sha256:4d92e94a750ce48c672ad9ae1b113c56eb301856870087a0d5845ee4eb299e33",
          "secrets": "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
          "timeouts": "sha256:195a29b0a9e3e54274452a8923b3894169688b0d4e3be80e5a69b1639a397688",
        },
      }
    `);
    expect(planned(packText('- { id: a, run: { uses: "builtin:noop" } }')).planHash).toMatchInlineSnapshot(
      `"sha256:cf8d683ca79eb7214dcde8c95a3e5db1147ac30266ea71b341dcf1cde29479c1"`,
    );
  });

  it('hashes as RFC 8785 says, and the receipt as its parts', () => {
    const { plan, planHash, receipt } = planned(text, inputs, { files });
    expect(planHash).toBe(digestOf(plan as unknown as Json));
    expect(Object.keys(receipt).sort()).toEqual(Object.keys(plan).sort());
    expect(receipt['graph']).toBe(digestOf(plan.graph as unknown as Json));
  });

  it('holds what the machine asks for', () => {
    const { plan, index } = planned(text, inputs, { files });
    const byId = Object.fromEntries(plan.graph.nodes.map((node) => [node.id, node]));
    expect(plan.graph.nodes.map(({ id, needs, stated }) => [id, needs, stated])).toEqual([
      ['scan', [], false],
      ['summary', ['check', 'scan'], true],
      ['check', ['scan'], true],
      ['radius', ['summary'], false],
      ['approve', ['radius'], false],
      ['rollout', ['approve'], false],
      ['both', ['rollout'], false],
      ['choice', ['both'], false],
      ['last', ['choice'], false],
    ]);
    expect(byId['scan']).toMatchObject({
      with: { command: ['grype', '{{ inputs.image }}'], okExitCodes: [0, 1] },
      retries: { maxAttempts: 3, backoffMs: 10_000, factor: 2, on: ['EXIT_1', 'EXIT_2'] },
      egress: [
        { url: 'https://a.test', intent: null },
        { url: 'https://registry.test', intent: 'pull' },
      ],
      artifacts: [{ name: 'log' }, { name: 'report' }],
    });
    expect(byId['summary']).toMatchObject({ effects: 'pure', retries: { maxAttempts: 2 } });
    expect(byId['check']).toMatchObject({ with: { schema: { type: 'array', items: { type: 'string' } } } });
    expect(byId['approve']).toMatchObject({ when: 'not inputs.dry', approval: 'owners', policy: null });
    expect(byId['radius']).toMatchObject({ approval: 'owners', policy: 'blast', message: null });
    expect(byId['rollout']).toMatchObject({ width: 2, maxItems: null, body: { maxParallel: 0 } });
    expect(byId['both']).toMatchObject({
      body: {
        maxParallel: 1,
        nodes: [
          { needs: [], stated: false, with: { for: 'PT90S' } },
          { needs: ['left'], stated: true },
        ],
      },
    });
    expect(byId['choice']).toMatchObject({ branches: [{ when: "inputs.level == 'high'" }] });
    expect([...index.nodes.keys()]).toContain('rollout::deploy');
    expect(plan.executors).toEqual([
      'builtin:command',
      'builtin:fail',
      'builtin:noop',
      'builtin:script',
      'builtin:transform',
      'builtin:validate-schema',
      'builtin:wait',
    ]);
  });

  it('gives a profile: defaults resolved, egress by host, no environment in the plan hash', () => {
    const one = planned(text, inputs, { files });
    const other = planned(text, inputs, {
      files,
      configuration: { ...testConfiguration, defaults: { ...testConfiguration.defaults, maxParallel: 9 } },
    });
    expect(one.profile.egress).toEqual([
      { scheme: 'https', host: 'a.test', port: 443, cidr: null },
      { scheme: 'https', host: 'registry.test', port: 443, cidr: null },
    ]);
    expect(other.planHash).toBe(one.planHash);
    expect(other.profileDigest).not.toBe(one.profileDigest);
  });

  it('warns of effects that no gate holds back, and of classes that a gated step does not state', () => {
    expect(planned(text, inputs, { files }).warnings.map(({ code, path }) => [code, path])).toEqual([
      ['EFFECTS_UNGATED', '/spec/steps/0'],
      ['EFFECTS_NOT_STATED', '/spec/steps/5/map/steps/1'],
    ]);
  });
});

it('reads as language what the digest of a pack reads as language', () => {
  for (const { uses, parameters } of BUILTIN_EXECUTORS)
    for (const [parameter, { reading }] of Object.entries(parameters ?? {}))
      expect([uses, parameter, isVerbatim(uses, parameter)]).toEqual([uses, parameter, reading === 'verbatim']);
});

describe('the plan hash', () => {
  const hash = (manifest: string, supplied: JsonObject = inputs) => planned(manifest, supplied, { files }).planHash;

  it.each([
    ['a comment', (one: string) => `# by hand\n${one}`],
    [
      'spelling of a duration of the manifest',
      (one: string) => one.replace('backoff: 10s', 'backoff: PT10S').replace('timeout: 2h', 'timeout: PT120M'),
    ],
    [
      'constants of the language written out',
      (one: string) => one.replace('maxAttempts: 3,', 'maxAttempts: 3, factor: 2, maxBackoff: 5m, jitter: true,'),
    ],
    [
      'a published spelling',
      (one: string) =>
        one
          .replace('builtin:command\n', 'builtin:cli-command\n')
          .replace('gate: { approval: owners,', 'gate.approval: { id: owners,'),
    ],
    [
      'what explains it to people',
      (one: string) =>
        one
          .replace('{ name: image, type: string,', '{ name: image, description: which, type: string,')
          .replace(
            'version: 1.0.0 }',
            'version: 1.0.0, description: all, tags: [x], license: MIT, annotations: { a: b }, maintainers: [ { name: me } ] }',
          ),
    ],
  ])('does not see: %s', (_, change) => {
    const changed = change(text);
    expect(changed).not.toBe(text);
    expect(hash(changed)).toBe(hash(text));
  });

  it.each([
    [
      'spelling of an expression',
      (one: string) =>
        one
          .replace('"{{inputs.image}}"', '"{{   inputs . image  }}"')
          .replace("join(',', failed)", "join( ',' , failed )"),
    ],
    ['spelling of a negation', (one: string) => one.replace('{{ not inputs.dry }}', '{{ ! inputs.dry }}')],
    ['spelling of a duration of an executor', (one: string) => one.replace('for: 90s', 'for: PT1M30S')],
    [
      'order of sets',
      (one: string) =>
        one
          .replace('[role:sec-lead, packs.approve]', '[packs.approve, role:sec-lead, packs.approve]')
          .replace('[scan, check]', '[check, scan]')
          .replace('[EXIT_2, EXIT_1]', '[EXIT_1, EXIT_2]'),
    ],
    [
      'a default of a step written out',
      (one: string) => one.replace('- id: last', '- id: last\n      continueOnError: false'),
    ],
  ])('does not see: %s', (_, change) => {
    const changed = change(text);
    expect(changed).not.toBe(text);
    const [before, after] = [planned(text, inputs, { files }), planned(changed, inputs, { files })];
    expect(compareReceipts(before.receipt, after.receipt)).toEqual([]);
  });

  it.each([
    ['name of a step', 'Scan the image', 'Scan an image', ['graph']],
    ['argument', '[grype,', '[trivy,', ['graph']],
    ['order of arguments', '[undo, "{{ join(\',\', failed) }}"]', '["{{ join(\',\', failed) }}", undo]', ['graph']],
    ['order of steps', '- { id: left,', '- { id: lefty,', ['graph']],
    ['env', 'LEVEL: "{{ inputs.level }}"', 'LEVEL: low', ['graph']],
    ['when', '{{ not inputs.dry }}', '{{ inputs.dry }}', ['graph']],
    ['needs', 'needs: [scan, check]', 'needs: [check]', ['graph']],
    ['timeout', 'timeout: 2h', 'timeout: 3h', ['timeouts']],
    ['retries of failure', 'retries: { maxAttempts: 2 }', 'retries: { maxAttempts: 4 }', ['graph']],
    ['effects', 'effects: once', 'effects: idempotent', ['graph']],
    ['message of a gate', 'Redeploy', 'Deploy', ['graph']],
    ['show of a gate', 'show: { ids:', 'show: { findings:', ['graph']],
    ['script', 'echo {{ not ours }}', 'echo {{ not yours }}', ['graph']],
    ['quorum', 'minApprovals: 2', 'minApprovals: 3', ['approvals']],
    ['policy', 'params.critical <= 3', 'params.critical <= 4', ['policies']],
    ['level of a policy', 'level: soft-mandatory', 'level: advisory', ['policies']],
    ['group', 'group: "image-', 'group: "img-', ['concurrency']],
    ['output', '{ name: releases,', '{ name: rollouts,', ['outputs']],
    ['success', 'is out', 'is gone', ['messages']],
    ['version', 'version: 1.0.0', 'version: 1.0.1', []],
    ['default', 'default: low', 'default: high', ['inputs']],
  ])('sees: %s', (_, from, to, components) => {
    const changed = text
      .replaceAll(from, to)
      .replace('needs: [left]', from === '- { id: left,' ? 'needs: [lefty]' : 'needs: [left]');
    expect(changed).not.toBe(text);
    const [before, after] = [planned(text, inputs, { files }), planned(changed, inputs, { files })];
    expect(after.planHash).not.toBe(before.planHash);
    expect(compareReceipts(before.receipt, after.receipt)).toEqual([...components, 'pack'].sort());
  });

  it('sees inputs and says so', () => {
    const [before, after] = [
      planned(text, inputs, { files }),
      planned(text, { ...inputs, regions: ['eu'] }, { files }),
    ];
    expect(compareReceipts(before.receipt, after.receipt)).toEqual(['inputs']);
  });

  it('sees files of the pack', () => {
    const other = packFiles({ 'schemas/ids.json': '{"type": "array", "items": {"type": "number"}}' });
    const [before, after] = [planned(text, inputs, { files }), planned(text, inputs, { files: other })];
    expect(compareReceipts(before.receipt, after.receipt)).toEqual(['graph', 'pack']);
  });

  it('is one for YAML and JSON in any order of keys', () => {
    const { plan } = planned(text, inputs, { files });
    const value = yaml(text);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(1_000)), (keys) => {
        const json = JSON.stringify(shuffled(value, keys));
        const again = planned(json, inputs, { files });
        expect(canonical(again.plan as unknown as Json)).toBe(canonical(plan as unknown as Json));
      }),
      searchedCases(8, 400),
    );
  });

  it('is one whatever order the members of a plan come in', () => {
    const { plan, planHash } = planned(text, inputs, { files });
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(1_000)), (keys) => {
        expect(hashPlan(shuffled(plan as unknown as Json, keys) as unknown as typeof plan).planHash).toBe(planHash);
      }),
      searchedCases(20, 200),
    );
  });
});

function yaml(source: string): Json {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('yaml') as { parse: (text: string) => Json }).parse(source);
}

function shuffled(value: Json, keys: Iterator<number>): Json {
  if (isJsonArray(value)) return value.map((one) => shuffled(one, keys));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(
    ([name, one]) => [name, shuffled(one, keys), Number(keys.next().value)] as const,
  );
  return Object.fromEntries(entries.sort((a, b) => a[2] - b[2]).map(([name, one]) => [name, one]));
}

// No times here: speed is measured by benchmarks, never by a unit test.
describe('planning is large', () => {
  const STEPS = searched(1_000, 10_000);

  it(`plans ${STEPS} steps that read each other`, () => {
    const many = Array.from({ length: STEPS }, (_, i) =>
      i === 0
        ? '- { id: s0, run: { uses: "builtin:noop", with: { x: 1 } } }'
        : `- { id: s${i}, ${i % 7 === 0 ? `needs: [s${i - 1}], ` : ''}when: "{{ steps.s${i - 1}.status =='succeeded' }}", run: { uses: "builtin:noop", with: { x: "{{ steps.s${i - 1}.outputs.x }}" } } }`,
    );
    const manifest = packText(many.join('\n'));
    expect(planned(manifest).plan.graph.nodes).toHaveLength(STEPS);
  });

  it('plans a map over 100 000 inputs', () => {
    const manifest = packText(
      '- { id: m, map: { items: "{{ inputs.hosts }}", step: { id: a, run: { uses: "builtin:noop", with: { x: "{{ item }}" } } } } }',
      'inputs: [ { name: hosts, type: array, schema: { items: { type: string, pattern: "^h" } } } ]',
    );
    const hosts = Array.from({ length: 100_000 }, (_, i) => `host-${i}.example`);
    expect(planned(manifest, { hosts }).plan.graph.nodes).toHaveLength(1);
  });
});
