import { stepsOf } from '../../testing/steps';
import type { JsonObject } from '../foundation/json';
import { compilePolicy } from './compile-policy';
import type { PolicyAnswer, PolicyEngineName } from './policy';

const INPUT: JsonObject = {
  inputs: { maxCritical: 3, service: 'web', regions: ['eu', 'us'], ratio: 0.5, none: null, flag: true },
  steps: {
    scan: {
      outputs: {
        findings: [
          { id: 'a', score: 9.8 },
          { id: 'b', score: 3 },
        ],
      },
    },
  },
  plan: { hash: 'sha256:x' },
  run: { id: 'run_x' },
  tenant: 'acme',
  actor: { iss: 'https://idp', sub: 'ann' },
  params: { critical: 3, list: [1, 2, 3] },
  now: '2026-01-02T03:04:05Z',
};

function ask(source: string, input: JsonObject = INPUT): PolicyAnswer {
  const compiled = compilePolicy({ engine: 'cel', source });
  if (compiled.kind === 'faults') throw new Error(JSON.stringify(compiled.faults));
  return compiled.policy.evaluate(input, 'gate');
}

describe('CEL policies', () => {
  it.each<[string, boolean, readonly string[]]>([
    ['params.critical <= 3', true, []],
    ['params.critical < inputs.maxCritical', false, []],
    ['inputs.ratio < 1.0 && params.critical > 2.5', true, []],
    ["{'allow': params.critical <= inputs.maxCritical, 'reasons': ['critical findings']}", true, ['critical findings']],
    ["{'allow': false, 'reasons': inputs.regions}", false, ['eu', 'us']],
    ["inputs.regions.all(r, r in ['eu', 'us'])", true, []],
    ['size(steps.scan.outputs.findings.filter(f, f.score >= 9.0)) == 1', true, []],
    ["timestamp(now) > timestamp('2026-01-01T00:00:00Z')", true, []],
    ["now.startsWith('2026') && inputs.service.matches('^[a-z]+$')", true, []],
    ['inputs.none == null && has(inputs.flag) && !has(inputs.other)', true, []],
    ["!('constructor' in inputs)", true, []],
    ['type(params.critical) == int', true, []],
  ])('%s', (source, allow, reasons) => {
    expect(ask(source)).toEqual({ kind: 'decided', allow, reasons });
  });

  it.each([
    ['inputs.missing == 1'],
    ['params.critical'],
    ["'yes'"],
    ['null'],
    ["{'allow': true}"],
    ["{'allow': 'true', 'reasons': []}"],
    ["{'allow': true, 'reasons': [1]}"],
    ["{'allow': true, 'reasons': [], 'more': 1}"],
    ['1 / (params.critical - 3) > 0'],
    ['inputs.service > 3'],
    ['inputs.constructor == 1'],
    ["timestamp('soon') < timestamp(now)"],
    ['nothing(params.critical)'],
    ['[true]'],
  ])('%s is undecided', (source) => {
    expect(ask(source)).toMatchObject({ kind: 'undecided', code: 'POLICY_UNDECIDED' });
  });

  it.each<[string, string, number]>([
    ['params.critical ==', 'POLICY_SYNTAX', 16],
    ['x y', 'POLICY_SYNTAX', 2],
    ['', 'POLICY_SYNTAX', 0],
    ['1 < parms.critical', 'POLICY_UNKNOWN_NAME', 4],
    ['inputs.regions.all(r, q == r)', 'POLICY_UNKNOWN_NAME', 22],
    [`${'('.repeat(65)}true${')'.repeat(65)}`, 'POLICY_LIMIT', 64],
    [`'${'x'.repeat(20_000)}' == ''`, 'POLICY_LIMIT', 0],
    [`${'1 + '.repeat(3_000)}1 > 0`, 'POLICY_LIMIT', 0],
  ])('%s does not compile', (source, code, offset) => {
    const compiled = compilePolicy({ engine: 'cel', source });
    expect(compiled).toMatchObject({ kind: 'faults', faults: [{ code, offset }] });
  });

  it('is closed, and looks at no more than its bound, over a large input', () => {
    const inputs = { list: Array.from({ length: 20_000 }, (_, index) => ({ id: index })) };
    const source = Array(100).fill('inputs.list.exists(x, x.id == -1)').join(' || ');
    expect(stepsOf(() => expect(ask(source, { ...INPUT, inputs })).toMatchObject({ kind: 'undecided' }))).toBeLessThan(
      10_000_000,
    );
    expect(ask('inputs.list[19999].id == 19999', { ...INPUT, inputs })).toMatchObject({
      kind: 'decided',
      allow: true,
    });
  });

  it('says which name was meant', () => {
    expect(compilePolicy({ engine: 'cel', source: 'parms.x' })).toMatchObject({
      faults: [{ remediation: 'did you mean `params`?' }],
    });
  });

  it.each<[PolicyEngineName]>([['cedar'], ['opa']])('does not know %s yet', (engine) => {
    expect(compilePolicy({ engine, source: 'x' })).toMatchObject({ faults: [{ code: 'POLICY_ENGINE_UNKNOWN' }] });
  });
});

describe('the bound on cost', () => {
  const of = (length: number): JsonObject => ({
    ...INPUT,
    params: { list: Array.from({ length }, (_, index) => index), text: 'a'.repeat(length) },
  });
  const nested = 'params.list.all(a, params.list.all(b, params.list.all(c, a + b + c >= 0)))';

  it.each<[string, number, string]>([
    ['params.list.all(a, a >= 0)', 100_000, 'decided'],
    ['params.list.all(a, params.list.exists(b, a == b))', 200, 'decided'],
    ['params.list.all(a, params.list.exists(b, a == b))', 1_000, 'undecided'],
    [nested, 20, 'decided'],
    [nested, 100, 'undecided'],
    ['params.list.all(a, a in params.list)', 2_000, 'undecided'],
    ['params.list.map(a, a).map(b, params.list).all(c, c == params.list)', 1_000, 'undecided'],
    ["params.list.all(a, params.text.matches('(a+)+$'))", 10_000, 'undecided'],
    ['params.list.all(a, params.list == params.list)', 2_000, 'undecided'],
  ])('%s over %d is %s', (source, length, kind) => {
    expect(ask(source, of(length))).toMatchObject({ kind });
  });
});
