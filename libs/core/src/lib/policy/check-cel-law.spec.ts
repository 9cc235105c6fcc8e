import fc from 'fast-check';
import { lawRuns, searched } from '../../testing/runs-of-laws';
import {
  ANY_TYPE,
  nullable,
  arrayType,
  BOOLEAN_TYPE,
  NUMBER_TYPE,
  objectType,
  STRING_TYPE,
} from '../expression/static-type';
import type { JsonObject } from '../foundation/json';
import { ANY, fromStatic, mapOf } from './cel-type';
import { checkCel, type DeclaredInput } from './check-cel';
import { compilePolicy } from './compile-policy';

const DECLARED = objectType({
  s: STRING_TYPE,
  n: NUMBER_TYPE,
  b: BOOLEAN_TYPE,
  l: arrayType(STRING_TYPE),
  o: objectType({ t: nullable(STRING_TYPE), k: nullable(NUMBER_TYPE) }),
  m: nullable(STRING_TYPE),
  f: objectType({ digest: STRING_TYPE, size: NUMBER_TYPE }),
  any: ANY_TYPE,
});
const declared: DeclaredInput = {
  roots: new Map([
    ['inputs', fromStatic(DECLARED)],
    ['steps', mapOf([['scan', mapOf([['outputs', ANY]])]])],
    ['params', mapOf([['p', fromStatic(nullable(NUMBER_TYPE))]])],
    ['now', fromStatic(STRING_TYPE)],
  ]),
};

const texts = fc.constantFrom('', 'a', 'ab', '3', 'true', '2026-01-05T10:00:00Z');
const numbers = fc.constantFrom(-1, 0, 1, 2, 2.5, 1e300);
const anything = fc.oneof(texts, numbers, fc.boolean(), fc.constant(null), fc.constant([1]), fc.constant({ k: 1 }));
const worlds = fc.record({
  inputs: fc.record({
    s: texts,
    n: numbers,
    b: fc.boolean(),
    l: fc.array(texts, { maxLength: 3 }),
    o: fc.record({ t: fc.option(texts), k: fc.option(numbers) }, { requiredKeys: [] }),
    m: fc.option(texts),
    f: fc.record({ digest: texts, size: fc.nat(9) }),
    any: anything,
  }),
  steps: fc.record({ scan: fc.record({ outputs: anything }) }),
  params: fc.record({ p: fc.option(numbers) }),
  now: fc.constant('2026-01-05T10:00:00Z'),
});

const leaves = fc.constantFrom(
  ...['s', 'n', 'b', 'l', 'o', 'o.t', 'o.k', 'm', 'f', 'f.size', 'any', 'any.k'].map((name) => `inputs.${name}`),
  ...['inputs', 'steps.scan', 'steps.scan.outputs', 'params.p', 'params', 'now', 'x'],
  ...["'a'", "'k'", '1', '2u', '2.5', 'true', 'false', 'null', "b'a'", 'int', 'string', '[]', '{}'],
  ...[
    'has(inputs.other) && inputs.other > 3',
    "!('other' in inputs) || inputs.other",
    'has(inputs.o.k)',
    'has(steps.none)',
  ],
);
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const one = tie('expression');
  const call = (name: string) => one.map((of) => `${name}(${of})`);
  const pair = (join: (a: string, b: string) => string) => fc.tuple(one, one).map(([a, b]) => join(a, b));
  const operators = ['&&', '||', '==', '!=', '<', '<=', '>', '+', '-', '*', '/', '%', 'in'];
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      leaves,
      ...operators.map((operator) => pair((a, b) => `(${a} ${operator} ${b})`)),
      ...operators.slice(0, 3).map((operator) => pair((a, b) => `(${a} ${operator} ${b})`)),
      ...['size', 'string', 'int', 'double', 'bool', 'type', 'dyn', 'timestamp', '!', '-'].map(call),
      ...['startsWith', 'contains', 'matches'].map((name) => pair((a, b) => `(${a}).${name}(${b})`)),
      ...['all', 'exists', 'exists_one', 'filter', 'map'].map((name) => pair((a, b) => `(${a}).${name}(x, ${b})`)),
      pair((a, b) => `(${a})[${b}]`),
      pair((a, b) => `[${a}, ${b}]`),
      pair((a, b) => `{'allow': ${a}, 'reasons': ${b}}`),
      fc.tuple(one, one, one).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      one.map((of) => `(${of}).k`),
      one.map((of) => `has((${of}).k)`),
      one.map((of) => `(${of}).getHours()`),
      one.map((of) => `(${of}).size()`),
    ),
  };
});
/** `x` stands for a variable of a macro; outside of one it would be no name. */
const sources = expression.map((source) => `[inputs.any].map(x, ${source})[0]`);

interface Outcome {
  readonly decides: boolean;
  readonly refused: boolean;
  readonly warned: boolean;
}

/** True where a fault is of a name, which refuses a policy even where it may decide. */
const isOfName = (code: string): boolean => code !== 'POLICY_TYPE' && code !== 'POLICY_RESULT';

function outcomeOf(source: string, world: JsonObject, of: DeclaredInput = declared): Outcome | null {
  const compiled = compilePolicy({ engine: 'cel', source });
  if (compiled.kind === 'faults') return null;
  const faults = checkCel(source, of);
  if (faults.some(({ code }) => isOfName(code))) return null;
  return {
    decides: compiled.policy.evaluate(world, 'gate').kind === 'decided',
    refused: faults.some(({ refuses }) => refuses),
    warned: faults.some(({ refuses }) => !refuses),
  };
}

const law = (of?: DeclaredInput) =>
  fc.property(
    fc.oneof(
      sources,
      expression.filter((one) => !/\bx\b/.test(one)),
    ),
    worlds,
    (source, world) => {
      const outcome = outcomeOf(source, world, of);
      fc.pre(outcome !== null);
      expect(outcome).not.toMatchObject({ decides: true, refused: true });
    },
  );

describe('the check of CEL policies', () => {
  it('never refuses a policy that decides over an input of the declared types', () => {
    fc.assert(law(), { ...lawRuns(), examples: [] });
  });

  it('refuses some, warns of others, and lets most that decide pass without a word', () => {
    const numRuns = searched(1_000, 2_000);
    const seen = fc.sample(fc.tuple(expression, worlds), { numRuns, seed: 7 }).flatMap(([source, world]) => {
      const outcome = outcomeOf(source, world);
      return outcome === null ? [] : [outcome];
    });
    const count = (test: (one: Outcome) => boolean): number => seen.filter(test).length;
    expect(count(({ refused }) => refused)).toBeGreaterThan(numRuns / 20);
    expect(count(({ warned }) => warned)).toBeGreaterThan(numRuns / 200);
    expect(count(({ decides, warned }) => decides && !warned)).toBeGreaterThan(numRuns / 100);
  });

  it('finds a planted bug: an input that is taken to be of another type', () => {
    const wrong = {
      roots: new Map([
        ...declared.roots,
        ['inputs', fromStatic({ ...DECLARED, fields: { ...DECLARED.fields, s: NUMBER_TYPE } })],
      ]),
    };
    // In every change from a seed that is known to find it soon.
    const { failed } = fc.check(law(wrong), { numRuns: 20_000, seed: searched(40, 1), endOnFailure: true });
    expect(failed).toBe(true);
  });
});
