import { getCedarLangVersion } from '@cedar-policy/cedar-wasm/nodejs';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { compilePolicy, type PolicyAnswer, type PolicyCompilation } from '@taskrunner/core/policy';
import { cedarEngine } from './cedar-engine';
import { CedarJudge } from './cedar-judge';

const INPUT: JsonObject = {
  inputs: { critical: 3, ratio: 1.5, service: 'web', none: null, regions: ['eu', 'us'] },
  steps: { scan: { status: 'succeeded', outputs: { hits: 2 } } },
  params: { limit: 5 },
  actor: [
    { iss: 'https://id.test', sub: 'ada', kind: 'person' },
    { iss: 'https://id.test', sub: 'ci', kind: 'client' },
  ],
  tenant: 'acme',
  plan: { hash: 'sha256:x', pack: { name: 'rollout', version: '1.2.0' } },
  run: { id: 'run_x' },
  now: '2026-11-24T10:00:00.000Z',
};

function compile(source: string): PolicyCompilation {
  return compilePolicy({ engine: 'cedar', source }, { cedar: cedarEngine });
}

function ask(source: string, change: JsonObject = {}, gate = 'approve'): PolicyAnswer {
  const compiled = compile(source);
  if (compiled.kind === 'faults') throw new Error(JSON.stringify(compiled.faults));
  return compiled.policy.evaluate({ ...INPUT, ...change }, gate);
}

const permit = (when: string): string => `permit(principal, action, resource) when { ${when} };`;
const forbid = (when: string): string => `forbid(principal, action, resource) when { ${when} };`;
const ANY = 'permit(principal, action, resource);';

const ALLOWED: readonly (readonly [string, string])[] = [
  ['an input', permit('context.inputs.critical <= context.params.limit')],
  ['the requester', permit('principal == Person::"https://id.test|ada" && principal.sub == "ada"')],
  ['the gate', 'permit(principal, action == Action::"approve", resource);'],
  ['the pack', permit('resource == Pack::"rollout" && resource.version == "1.2.0"')],
  ['a decimal', permit('context.inputs.ratio.lessThan(decimal("1.6"))')],
  ['a set', permit('context.inputs.regions.contains("eu")')],
  ['what is absent', permit('!(context.inputs has none)')],
  ['the time', permit('datetime(context.now) > datetime("2026-11-01")')],
  ['a result', permit('context.steps.scan.outputs.hits == 2')],
  ['a forbid that does not apply', `${ANY}\n${forbid('context.inputs.critical > 10')}`],
];
const DENIED: readonly (readonly [string, string])[] = [
  ['nothing that permits', permit('context.inputs.critical > 3')],
  ['a forbid beside a permit', `${ANY}\n@id("too-many") ${forbid('context.inputs.critical > 2')}`],
  ['another gate', 'permit(principal, action == Action::"other", resource);'],
  ['another pack', permit('resource == Pack::"other"')],
  ['a machine only', 'permit(principal is Client, action, resource);'],
];

describe('Cedar', () => {
  it('is the language version whose behaviour the environment names', () => expect(getCedarLangVersion()).toBe('4.5'));

  it.each(ALLOWED)('allows by %s', (_, source) => {
    expect(ask(source)).toEqual({ kind: 'decided', allow: true, reasons: ['policy0'] });
  });

  it.each(DENIED)('denies by %s', (_, source) => expect(ask(source)).toMatchObject({ kind: 'decided', allow: false }));

  it('names what decided: the ids that a pack gives', () => {
    expect(ask(`${ANY}\n@id("too-many") ${forbid('true')}`)).toMatchObject({ reasons: ['too-many'] });
    expect(ask(permit('false'))).toMatchObject({ reasons: ['no policy permits it'] });
  });

  it.each([
    ['a permit that fails', permit('context.inputs.missing == 1')],
    ['a forbid that fails, beside a permit that holds', `${ANY}\n${forbid('context.inputs.missing > 3')}`],
    ['a comparison of kinds', permit('context.inputs.service > 3')],
    ['an overflow', permit('9223372036854775807 + context.inputs.critical > 0')],
    ['an entity that is not there', permit('context.plan.pack.name == Other::"x".name')],
  ])('is undecided by %s', (_, source) => {
    expect(ask(source)).toMatchObject({ kind: 'undecided', code: 'POLICY_UNDECIDED' });
  });

  it.each<[string, Json]>([
    ['a forged entity', { __entity: { type: 'Person', id: 'root' } }],
    ['a forged extension', { __extn: { fn: 'decimal', arg: '1.0' } }],
    ['an old escape', { __expr: 'true' }],
    ['a number of five decimals', 0.12345],
    ['a number without end', 1e300],
    ['null in a list', [1, null]],
    ['more than 1 MiB', 'x'.repeat(1024 * 1024)],
    ['more than 64 levels', Array.from({ length: 70 }).reduce<Json>((inner) => [inner], 1)],
  ])('is undecided where the input holds %s, whatever the policy', (_, value) => {
    expect(ask(ANY, { params: { value } })).toMatchObject({ kind: 'undecided' });
  });

  it('is undecided where it would be too much work: long policies over a large input', () => {
    // Long, not deep: how deep an expression may be depends on the stack that is left.
    const long = permit(`context.tenant != "${'x'.repeat(5_000)}"`);
    expect(ask(long)).toMatchObject({ kind: 'decided', allow: true });
    expect(ask(long, { params: { value: 'x'.repeat(500_000) } })).toMatchObject({ kind: 'undecided' });
  });

  it('is undecided where nobody asked for the run', () => {
    expect(ask(ANY, { actor: [] })).toMatchObject({ kind: 'undecided' });
  });

  it.each([
    ['no policy', '// nothing', 'POLICY_SYNTAX', 0],
    ['a template', 'permit(principal == ?principal, action, resource);', 'POLICY_SYNTAX', 0],
    ['half a condition', 'permit(principal, action, resource)\nwhen { context.inputs.count > };', 'POLICY_SYNTAX', 66],
    ['the same, behind letters of two bytes', `// ééé\n${permit('1 > ')}`, 'POLICY_SYNTAX', 55],
    ['one id twice', `@id("a") ${ANY} @id("a") ${ANY}`, 'POLICY_SYNTAX', 0],
    ['a deep nest', permit(`${'('.repeat(70)}true${')'.repeat(70)}`), 'POLICY_LIMIT', 106],
    ['a long text', `// ${'x'.repeat(16_384)}\n${ANY}`, 'POLICY_LIMIT', 0],
  ])('refuses %s, with its place', (_, source, code, offset) => {
    expect(compile(source)).toMatchObject({ kind: 'faults', faults: [{ code, offset }] });
  });

  it('is unknown where it is not at hand', () => {
    expect(compilePolicy({ engine: 'cedar', source: ANY })).toMatchObject({
      faults: [{ code: 'POLICY_ENGINE_UNKNOWN' }],
    });
  });
});

describe('the judge', () => {
  let judge: CedarJudge;
  beforeEach(() => (judge = new CedarJudge(20_000)));
  afterEach(() => judge.close());

  it('answers as the engine does', async () => {
    for (const [, source] of [...ALLOWED, ...DENIED])
      expect(await judge.judge({ engine: 'cedar', source }, INPUT, 'approve')).toEqual(ask(source));
  });

  it('keeps many questions apart', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        judge.judge({ engine: 'cedar', source: permit(`context.params.n < 25`) }, { ...INPUT, params: { n: i } }, 'g'),
      ),
    );
    expect(answers.map((answer) => answer.kind === 'decided' && answer.allow)).toEqual(
      Array.from({ length: 50 }, (_, i) => i < 25),
    );
  });

  it('is closed where the engine does not answer in time', async () => {
    const hasty = new CedarJudge(0);
    const late = await hasty.judge({ engine: 'cedar', source: ANY }, INPUT, 'approve');
    expect(late).toMatchObject({ kind: 'undecided', code: 'POLICY_UNDECIDED' });
    await hasty.close();
  });

  it('answers by another thread where one has died', async () => {
    await judge.judge({ engine: 'cedar', source: ANY }, INPUT, 'approve');
    await judge['thread']?.terminate();
    expect(await judge.judge({ engine: 'cedar', source: ANY }, INPUT, 'approve')).toMatchObject({ allow: true });
  });

  it('is closed for what it cannot ask or compile', async () => {
    const asked = [
      judge.judge({ engine: 'cedar', source: 'permit(' }, INPUT, 'approve'),
      judge.judge({ engine: 'cedar', source: ANY }, { ...INPUT, params: { x: 0.12345 } }, 'approve'),
    ];
    for (const answer of await Promise.all(asked)) expect(answer.kind).toBe('undecided');
  });
});
