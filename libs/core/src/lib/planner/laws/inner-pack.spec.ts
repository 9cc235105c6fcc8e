import {
  packFiles,
  packText,
  plan,
  planned,
  shownFault,
  testConfiguration,
  testEnvironment,
} from '../../../testing/planning';
import type { JsonObject } from '../../foundation/json';
import type { PackNode, RunNode } from '../../plan/plan';
import { ungatedEffects } from '../../plan/ungated-effects';

const INNER = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: rollback, version: 2.0.0 }
spec:
  inputs:
    - { name: region, type: string, required: true, enum: [eu, us] }
    - { name: dry, type: boolean, default: false }
  steps:
    - id: undo
      effects: once
      run:
        uses: builtin:script
        with: { interpreter: [bash], path: undo.sh, args: ["{{ inputs.region }}"] }
  outputs: [ { name: where, type: string, value: "{{ inputs.region }}" } ]
`;
const FILES = { 'packs/rollback/pack.yaml': INNER, 'packs/rollback/undo.sh': 'true\n' };

function caller(step: string, more = ''): string {
  return packText(step, more);
}

const USE = '- { id: back, run: { uses: "pack:./packs/rollback", with: { region: eu } } }';

function refusals(text: string, files: Readonly<Record<string, string>> = FILES, inputs: JsonObject = {}): string[] {
  const made = plan(text, inputs, { files: packFiles(files) });
  return made.kind === 'planned' ? [] : made.faults.map((fault) => `${fault.file ?? ''} ${shownFault(fault)}`.trim());
}

describe('a step that uses another pack', () => {
  it('is a container of the inner steps, with digest, inputs and outputs of that pack', () => {
    const { plan: made, index } = planned(caller(USE), {}, { files: packFiles(FILES) });
    const node = made.graph.nodes[0] as PackNode;
    expect(node.kind).toBe('pack');
    expect(node.pack).toMatchObject({ name: 'rollback', version: '2.0.0' });
    expect(node.pack.contentDigest).toMatch(/^sha256:/);
    expect(node.with).toEqual({ region: 'eu' });
    expect(node.outputs).toEqual([{ name: 'where', type: 'string', value: '{{ inputs.region }}' }]);
    expect([...index.nodes.keys()]).toEqual(['back::undo', 'back']);
    expect(made.executors).toEqual(['builtin:script', 'pack:./packs/rollback']);
    expect(ungatedEffects(made)).toEqual(['back::undo']);
  });

  it.each([
    ['its manifest', { ...FILES, 'packs/rollback/pack.yaml': INNER.replace('effects: once', 'effects: idempotent') }],
    ['one of its files', { ...FILES, 'packs/rollback/undo.sh': 'true \n' }],
  ])('has another hash when one byte of %s is another', (_, files) => {
    const before = planned(caller(USE), {}, { files: packFiles(FILES) });
    const after = planned(caller(USE), {}, { files: packFiles(files) });
    expect(after.planHash).not.toBe(before.planHash);
    expect((after.plan.graph.nodes[0] as PackNode).pack.contentDigest).not.toBe(
      (before.plan.graph.nodes[0] as PackNode).pack.contentDigest,
    );
  });

  it.each([
    ['path and manifest', '"pack:packs/rollback/pack.yaml"'],
    ['a path with a slash at its end', '"pack:./packs/rollback/"'],
  ])('takes %s', (_, uses) => {
    expect(refusals(caller(`- { id: back, run: { uses: ${uses}, with: { region: eu } } }`))).toEqual([]);
  });

  it.each<[string, string, readonly string[]]>([
    ['a path out of the pack', '- { id: b, run: { uses: "pack:../x" } }', ['PACK_PATH']],
    ['a folder that is not there', '- { id: b, run: { uses: "pack:./packs/gone" } }', ['PACK_FILE_MISSING']],
    ['a file that is no pack', '- { id: b, run: { uses: "pack:./packs/rollback/undo.sh" } }', ['PLAN_FILE_MISSING']],
    [
      'a published pack that is not at hand',
      '- { id: b, run: { uses: "pack:other:1.0.0" } }',
      ['PACK_INNER_UNAVAILABLE'],
    ],
    ['an input that is missing', '- { id: b, run: { uses: "pack:./packs/rollback" } }', ['INPUT_MISSING']],
    ['an input of another name', USE.replace('region: eu', 'region: eu, regoin: eu'), ['INPUT_UNKNOWN']],
    ['an input of another type', USE.replace('region: eu', 'region: 1'), ['INPUT_TYPE']],
    ['a value that is not listed', USE.replace('region: eu', 'region: asia'), ['INPUT_ENUM']],
    ['a value that inputs decide', USE.replace('region: eu', 'region: "{{ inputs.where }}"'), ['INPUT_ENUM']],
    ['retries', USE.replace('id: back,', 'id: back, retries: { maxAttempts: 2 },'), ['PACK_INNER_FIELD']],
    ['effects', USE.replace('id: back,', 'id: back, effects: once,'), ['PACK_INNER_FIELD']],
    ['env', USE.replace('with:', 'env: { A: b }, with:'), ['PACK_INNER_FIELD']],
    ['artifacts', USE.replace('with:', 'artifacts: [{ name: a, path: a }], with:'), ['PACK_INNER_FIELD']],
    [
      'an approval that the pack does not have',
      USE.replace('with:', 'approvals: { go: owners }, with:'),
      ['PACK_INNER_APPROVAL'],
    ],
    [
      'a secret that the pack does not ask for',
      USE.replace('with:', 'secrets: { tok: deploy }, with:'),
      ['PACK_INNER_SECRET'],
    ],
  ])('refuses %s, at its place in the caller', (_, step, codes) => {
    const more = [
      'inputs: [ { name: where, type: string, default: mars } ]',
      'approvals: [ { id: owners } ]',
      'secrets: [ { name: deploy, scope: packs.run, required: false } ]',
    ].join('\n');
    const found = refusals(caller(step, more));
    expect(found.map((one) => one.split(' ')[0])).toEqual(codes);
    expect(found[0]).toMatch(/ \d+:\d+ /);
  });

  it('reports what is wrong inside with the file, the line and the step that uses it', () => {
    const files = {
      ...FILES,
      'packs/rollback/pack.yaml': INNER.replace('inputs.region }}"] }', 'inputs.regoin }}"] }'),
    };
    const [fault, ...others] = refusals(caller(USE), files);
    expect(others).toEqual([]);
    expect(fault).toMatch(/^packs\/rollback\/pack\.yaml EXPR_UNKNOWN_NAME 13:\d+ .*used by the step back in line 6/);
  });

  it('reports a manifest that cannot be read once, however often it is used', () => {
    const files = { ...FILES, 'packs/rollback/pack.yaml': INNER.replace('kind: TaskPack', 'kind: Pack') };
    const found = refusals(caller(`${USE}\n${USE.replace('back', 'again')}`), files);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^packs\/rollback\/pack\.yaml PACK_KIND 2:/);
  });

  it('sees nothing of its caller, and its caller nothing of its steps', () => {
    const peeking = INNER.replace('"{{ inputs.region }}"] }', '"{{ steps.first.status }}"] }');
    const first = '- { id: first, run: { uses: "builtin:noop" } }';
    const last = '- { id: last, when: "{{ steps.undo.status == \'failed\' }}", run: { uses: "builtin:noop" } }';
    const found = refusals(caller(`${first}\n${USE}\n${last}`), { ...FILES, 'packs/rollback/pack.yaml': peeking });
    expect(found.map((one) => /[A-Z]+_[A-Z_]+/.exec(one)?.[0])).toEqual(['EXPR_UNKNOWN_NAME', 'EXPR_UNKNOWN_NAME']);
  });

  it('types its outputs for later steps', () => {
    const later = (path: string): string =>
      `- { id: last, when: "{{ steps.back.outputs.${path} == 'eu' }}", run: { uses: "builtin:noop" } }`;
    expect(refusals(caller(`${USE}\n${later('where')}`))).toEqual([]);
    expect(refusals(caller(`${USE}\n${later('wehre')}`))[0]).toMatch(/^EXPR_UNKNOWN_NAME/);
  });
});

describe('what is handed over', () => {
  const inner = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: inner, version: 1.0.0 }
spec:
  secrets: [ { name: token, scope: packs.run } ]
  approvals: [ { id: go, minApprovals: 2 } ]
  policies: [ { id: small, engine: cel, level: soft-mandatory, source: "{'allow': true, 'reasons': []}" } ]
  sandbox: { egressAllowlist: ["https://deploy.test"] }
  timeout: 1h
  steps:
    - { id: ask, gate: { approval: go } }
    - { id: limit, gate: { policy: small, overrideApproval: go } }
    - id: act
      run:
        uses: builtin:http
        with: { method: PUT, url: "https://deploy.test/x", auth: { bearer: token }, headers: { x-other: "v {{ secrets.token }}" } }
        secrets: [token]
        egress: [ { url: "https://deploy.test", intent: act } ]
`;
  const files = packFiles({ 'in/pack.yaml': inner });
  const more = `
approvals: [ { id: owners, minApprovals: 2 }, { id: one } ]
secrets: [ { name: deploy-token, scope: packs.run } ]
`;
  const use = (approval: string): string =>
    `- { id: p, timeout: 2h, run: { uses: "pack:./in", secrets: { token: deploy-token }, approvals: { go: ${approval} } } }`;
  const configuration = {
    ...testConfiguration,
    secrets: { 'deploy-token': { provider: 'vault', requireGate: true } },
  };

  it('has the names of the pack that is run, everywhere in the plan', () => {
    const made = planned(packText(use('owners'), more), {}, { files, configuration });
    const node = made.plan.graph.nodes[0] as PackNode;
    expect(node.timeoutMs).toBe(3_600_000);
    expect(node.body.nodes.map((one) => (one.kind === 'gate' ? [one.approval, one.policy] : null))).toEqual([
      ['owners', null],
      ['owners', 'p::small'],
      null,
    ]);
    const act = node.body.nodes[2] as RunNode;
    expect(act.secrets.map(({ name, file }) => [name, file])).toEqual([['deploy-token', 'token']]);
    expect(act.with['auth']).toEqual({ bearer: 'deploy-token' });
    expect(act.with['headers']).toEqual({ 'x-other': 'v {{ secrets.deploy-token }}' });
    expect(act.egressWithin).toEqual([['https://deploy.test']]);
    expect(made.plan.policies.map(({ id }) => id)).toEqual(['p::small']);
    expect(made.plan.secrets.map(({ name }) => name)).toEqual(['deploy-token']);
    expect(made.profile.secrets).toEqual([{ name: 'deploy-token', provider: 'vault' }]);
    expect(ungatedEffects(made.plan)).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ['an approval that demands less', use('one'), /^PACK_INNER_APPROVAL .*is less strict/],
    ['no approval', use('owners').replace(', approvals: { go: owners }', ''), /^PACK_INNER_APPROVAL .*go of the pack/],
    ['no secret', use('owners').replace('secrets: { token: deploy-token }, ', ''), /^PACK_INNER_SECRET .*token/],
  ])('refuses %s', (_, step, expected) => {
    const made = plan(packText(step, more), {}, { files, configuration });
    expect(made.kind === 'refused' ? made.faults.map(shownFault)[0] : '').toMatch(expected);
  });

  it.each([
    ['expiresAfter: 1h', '', false],
    ['expiresAfter: 1h', 'expiresAfter: 61m', false],
    ['expiresAfter: 1h', 'expiresAfter: 60m', true],
    ['executeWithin: 1h', 'expiresAfter: 1h', false],
    ['executeWithin: 1h', 'executeWithin: 2h', false],
    ['expiresAfter: 2h, executeWithin: 1h', 'expiresAfter: 1h, executeWithin: 1h', true],
    ['reasonRequired: false', 'expiresAfter: 9h', true],
  ])('an approval with %s may be one with "%s": %s', (outer, without, fits) => {
    const timed = packFiles({ 'in/pack.yaml': inner.replace('{ id: go,', `{ id: go, ${outer},`) });
    const owners = more.replace('minApprovals: 2 }', `minApprovals: 2${without === '' ? '' : `, ${without}`} }`);
    const made = plan(packText(use('owners'), owners), {}, { files: timed, configuration });
    const faults = made.kind === 'refused' ? made.faults.map(shownFault) : [];
    expect(faults).toEqual(
      fits
        ? []
        : [expect.stringMatching(/^PACK_INNER_APPROVAL .*owners allows more time than go of the inner pack\.$/)],
    );
  });

  it('refuses a sensitive input that is handed on', () => {
    const plain = packFiles({
      'in/pack.yaml': INNER.replace(/run:\n(.*\n){2}/, 'run: { uses: "builtin:noop" }\n').replace(
        'effects: once',
        'name: x',
      ),
    });
    const text = packText(
      '- { id: p, run: { uses: "pack:./in", with: { region: "{{ inputs.key }}" } } }',
      'inputs: [ { name: key, type: string, required: true, sensitive: true } ]',
    );
    const made = plan(
      text,
      { key: 'a-long-random-key-0193' },
      { files: plain, configuration: { ...testConfiguration, sensitiveInputs: true } },
    );
    expect(made.kind === 'refused' ? made.faults.map(({ code }) => code) : []).toEqual(['SENSITIVE_FLOW']);
  });

  it('holds sealing that the inner pack demands against the environment', () => {
    const sealed = packFiles({ 'in/pack.yaml': inner.replace('timeout: 1h', 'sealedInstall: true') });
    const made = plan(packText(use('owners'), more), {}, { files: sealed, configuration });
    expect(made.kind === 'refused' ? made.faults.map(({ code, file }) => [code, file]) : []).toEqual([
      ['SEALED_INSTALL_REQUIRED', 'in/pack.yaml'],
    ]);
    expect(testEnvironment.mode).toBe('open');
  });
});

describe('packs in packs in packs', () => {
  const nested = (name: string, uses: string | null): string => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${name}, version: 1.0.0 }
spec:
  steps: [ { id: s, run: { uses: "${uses ?? 'builtin:noop'}" } } ]
`;
  const chain = (length: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length }, (_, i) => [
        `.taskrunner/packs/p${i}/1.0.0/pack.yaml`,
        nested(`p${i}`, i + 1 < length ? `pack:p${i + 1}:1.0.0` : null),
      ]),
    );

  it('go five deep, and not six', () => {
    expect(refusals(caller('- { id: top, run: { uses: "pack:p0:1.0.0" } }'), chain(5))).toEqual([]);
    expect(refusals(caller('- { id: top, run: { uses: "pack:p0:1.0.0" } }'), chain(6))[0]).toMatch(
      /^p4:1\.0\.0\/pack\.yaml PACK_INNER_DEPTH/,
    );
  });

  it('do not use themselves', () => {
    const files = { ...chain(2), '.taskrunner/packs/p1/1.0.0/pack.yaml': nested('p1', 'pack:p0:1.0.0') };
    expect(refusals(caller('- { id: top, run: { uses: "pack:p0:1.0.0" } }'), files)[0]).toMatch(/PACK_INNER_CYCLE/);
  });

  it('are no part of the content of their caller where they come from a registry', () => {
    const text = caller('- { id: top, run: { uses: "builtin:noop" } }');
    const bare = planned(text, {}, { files: packFiles({}) });
    expect(planned(text, {}, { files: packFiles(chain(2)) }).planHash).toBe(bare.planHash);
  });

  it('count towards the most steps that a pack may have', () => {
    const many = nested('many', null).replace(
      /steps: .*/,
      `steps: [ ${Array.from({ length: 2_000 }, (_, i) => `{ id: s${i}, run: { uses: "builtin:noop" } }`).join(', ')} ]`,
    );
    const uses = Array.from({ length: 6 }, (_, i) => `- { id: u${i}, run: { uses: "pack:./many" } }`).join('\n');
    expect(refusals(caller(uses), { 'many/pack.yaml': many })).toEqual([expect.stringMatching(/^PLAN_TOO_MANY_STEPS/)]);
  });
});

describe('what each use brings into the plan', () => {
  it('has a bound over all uses', () => {
    const large = nestedWith('x'.repeat(2 * 1024 * 1024));
    const uses = Array.from({ length: 17 }, (_, i) => `- { id: u${i}, run: { uses: "pack:./large" } }`).join('\n');
    expect(refusals(caller(uses), { 'large/pack.yaml': large })).toEqual([
      expect.stringMatching(/^PACK_INNER_TOO_LARGE/),
    ]);
  });
});

function nestedWith(description: string): string {
  return `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: large, version: 1.0.0, description: "${description}" }
spec:
  steps: [ { id: s, run: { uses: "builtin:noop" } } ]
`;
}

describe('gates and inner packs', () => {
  const inner = (body: string): string => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: inner, version: 1.0.0 }
spec:
  inputs: [ { name: flag, type: boolean, default: false }, { name: text, type: string, default: "" } ]
  approvals: [ { id: go } ]
  steps:
${body}
`;
  const act = '    - { id: act, effects: once, run: { uses: "builtin:noop", with: { t: "{{ inputs.text }}" } } }';
  const decides = `    - { id: act, when: "{{ inputs.flag }}", effects: once, run: { uses: "builtin:noop" } }`;
  const gate = (when: string): string => `    - { id: ask${when}, gate: { approval: go } }`;
  const approvals = 'approvals: [ { id: owners } ]';
  const use = (supplied: string): string =>
    `- { id: p, run: { uses: "pack:./in", approvals: { go: owners }, with: { ${supplied} } } }`;

  it('a gate inside guards what follows the pack', () => {
    const after = '- { id: after, effects: once, run: { uses: "builtin:noop" } }';
    const made = planned(
      packText(`${use('')}\n${after}`, approvals),
      {},
      { files: packFiles({ 'in/pack.yaml': inner(`${gate('')}\n${act}`) }) },
    );
    expect(ungatedEffects(made.plan)).toEqual([]);
  });

  it.each([
    ['true', []],
    ['false', ['p::act']],
  ])('a gate that an input of value %s decides', (flag, expected) => {
    const body = `${gate(', when: "{{ inputs.flag }}"')}\n${act}`;
    const made = planned(
      packText(use(`flag: ${flag}`), approvals),
      {},
      { files: packFiles({ 'in/pack.yaml': inner(body) }) },
    );
    expect(ungatedEffects(made.plan)).toEqual(expected);
  });

  it('what is read behind a gate and decides inside was there when people decided', () => {
    const steps = (supplied: string): string =>
      [
        '- { id: gate, gate: { approval: owners } }',
        '- { id: late, run: { uses: "builtin:transform", with: { outputs: { flag: true, text: "x" } } } }',
        use(supplied),
      ].join('\n');
    const codes = (body: string, supplied: string): readonly string[] => {
      const files = packFiles({ 'in/pack.yaml': inner(`${gate('')}\n${body}`) });
      const made = plan(packText(steps(supplied), approvals), {}, { files });
      return made.kind === 'refused' ? made.faults.map(({ code }) => code) : [];
    };
    expect(codes(act, 'text: "{{ steps.late.outputs.text }}"')).toEqual([]);
    expect(codes(decides, 'flag: "{{ steps.late.outputs.flag == true }}"')).toEqual(['GATE_UNREVIEWED_INPUT']);
  });
});
