import type { Json, JsonObject } from '../foundation/json';
import { digestOf } from '../canonical/digest';
import { parseExpression } from './expression';
import type { ExpressionFault } from './expression-fault';
import { FUNCTION_NAMES } from './functions';
import { typeOfSchema } from './schema-type';
import { arrayType, BOOLEAN_TYPE, nullable, NUMBER_TYPE, objectType, STRING_TYPE } from './static-type';
import { parsed, SCOPE } from '../../testing/sample-expressions';

function faults(text: string): readonly ExpressionFault[] {
  const result = parseExpression(text);
  return result.kind === 'faults' ? result.faults : [];
}
function codeOf(text: string): string {
  try {
    parsed(text).evaluate(SCOPE);
    return 'no error';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('the reading of expressions', () => {
  it.each<[string, Json]>([
    // `not` takes the whole path or comparison after it
    ['!inputs.flag', true],
    ['not inputs.flag', true],
    ['not inputs.size == 4', true],
    ['!inputs.size == 3', false],
    ['not inputs.flag and inputs.on', true],
    ['not (inputs.flag or inputs.on)', false],
    ['!inputs.flag | @', true],
    ['not not inputs.on', true],
    // literals
    ['inputs.flag == false', true],
    ['inputs.size == 3', true],
    ['inputs.size > -1.5e1', true],
    ['inputs.none == null', true],
    ['[1, 2.5, true, null]', [1, 2.5, true, null]],
    // word operators
    ['inputs.on and inputs.size > 2', true],
    ['inputs.flag or inputs.size >= 4', false],
    // no truthiness
    ['inputs.zero || 7', 0],
    ["inputs.none || 'x'", 'x'],
    ["'' or 'x'", ''],
    ['inputs.none || `[]`', []],
    ['inputs.flag or inputs.on', true],
    // hyphens
    ['steps.collect-stale.outputs.count', 4],
    ['steps.collect-stale.outputs.count - 1', 3],
    ['item.is-new', true],
    ['item.not', 5],
    ['inputs.size - inputs.zero', 3],
    ['-inputs.size + 5', 2],
    ['inputs.nested.b.c-d', 1],
    // outer values in filters
    ['inputs.users[?lastUsedDays > $.inputs.limit].user', ['b']],
    ['inputs.users[?admin].user', ['a']],
    ['inputs.users[?not admin].user', ['b']],
    ['sort_by(inputs.users, &lastUsedDays)[-1].user', 'b'],
    // braces
    ['{a: {b: inputs.size}}', { a: { b: 3 } }],
    // functions
    ['sort(inputs.list)', [1, 2, 3, 10]],
    ['digest(inputs.nested)', digestOf((SCOPE['inputs'] as JsonObject)['nested'] as Json)],
    ['keys(inputs.nested)', ['a', 'b']],
    ['inputs.nested.* | length(@)', 2],
    ['contains(inputs.users[*].{n: user}, {n: inputs.none}) or contains(`[{"n": 1}]`, `{"n": 1}`)', true],
    ['max_by(inputs.users, &user).user', 'b'],
    ['inputs.on ? inputs.name : 1', 'web'],
    ['let $limit = inputs.limit in inputs.users[?lastUsedDays > $limit] | length(@)', 1],
    ['inputs.constructor', null],
    ['inputs.name[::-1]', 'bew'],
    ['7 // 2 + 7 % 2', 4],
    ["to_number('0x10')", null],
    ['previous.next || `""`', ''],
  ])('%s', (text, value) => {
    expect(parsed(text).evaluate(SCOPE)).toEqual(value);
  });

  it.each([
    ['inputs.zero and inputs.on', 'EXPR_TYPE'],
    ['inputs.flag or inputs.name', 'EXPR_TYPE'],
    ['not inputs.zero', 'EXPR_TYPE'],
    ['not inputs.none', 'EXPR_TYPE'],
    ['inputs.name > 3', 'EXPR_TYPE'],
    ['inputs.none < 3', 'EXPR_TYPE'],
    ['inputs.users[?lastUsedDays]', 'EXPR_TYPE'],
    ['inputs.zero ? 1 : 2', 'EXPR_TYPE'],
    ['inputs.size / inputs.zero', 'EXPR_VALUE'],
    ['inputs.size % 0', 'EXPR_VALUE'],
    ['length(inputs.size)', 'EXPR_TYPE'],
    ["join(',', inputs.list)", 'EXPR_TYPE'],
    ['pad_left(inputs.name, -1)', 'EXPR_VALUE'],
    ['pad_left(inputs.name, 1000000000)', 'EXPR_COST'],
    ['sort(inputs.list | [@, @][] | [@, @][]) == `[]`', 'no error'],
  ])('%s is refused with %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});

it('yields nothing that has no canonical form', () => {
  const scope = { inputs: { text: 'a\ud800' } };
  for (const text of ['inputs.text', 'digest(inputs)', 'to_string(inputs)', '[inputs.text]']) {
    expect(() => parsed(text).evaluate(scope)).toThrow(expect.objectContaining({ code: 'EXPR_VALUE' }) as Error);
  }
});

describe('faults', () => {
  it.each<[string, string, RegExp, number]>([
    ['', 'EXPR_SYNTAX', /empty/, 0],
    ['inputs.', 'EXPR_SYNTAX', /name is missing/, 7],
    ['inputs.a-1 -1', 'EXPR_SYNTAX', /needs spaces/, 11],
    ['index-1', 'EXPR_SYNTAX', /needs spaces/, 5],
    ['inputs.a = 1', 'EXPR_SYNTAX', /`==`|not an operator/, 9],
    ['inputs.a ==', 'EXPR_SYNTAX', /too early/, 11],
    ["inputs.a == 'x", 'EXPR_SYNTAX', /not closed/, 12],
    ['inputs.a == ^', 'EXPR_SYNTAX', /has no meaning/, 12],
    ['{a: 1, a: 2}', 'EXPR_SYNTAX', /twice/, 7],
    ['9007199254740993', 'EXPR_SYNTAX', /too large/, 0],
    ['`{a}`', 'EXPR_SYNTAX', /not JSON/, 0],
    ['inputs.a[1.5]', 'EXPR_SYNTAX', /integer/, 9],
    ['(((', 'EXPR_SYNTAX', /too early/, 3],
    ['inputs."a" "b"', 'EXPR_SYNTAX', /not allowed/, 11],
    ['$', 'EXPR_ROOT', /everything/, 0],
    ['inputs.x || []', 'EXPR_ROOT', /everything/, 12],
    ['inputs.users[?inputs.flag]', 'EXPR_ROOT', /element/, 14],
    ['to_string(@)', 'EXPR_ROOT', /everything/, 10],
    ['inputs.users[?days > inputs.limit]', 'EXPR_ROOT', /element/, 21],
    ["'a' > 1", 'EXPR_TYPE', /takes a number/, 0],
    ["1 == '1'", 'EXPR_TYPE', /never equal/, 2],
    ['inputs.x == "full"', 'EXPR_UNKNOWN_NAME', /not a string/, 12],
    ['inputs.x[?"state" != \'a\']', 'EXPR_UNKNOWN_NAME', /not a string/, 10],
    ['lenght(inputs.x)', 'EXPR_UNKNOWN_FUNCTION', /no function/, 0],
    ['length()', 'EXPR_ARGUMENTS', /needs 1/, 0],
    ['sort_by(inputs.x, name)', 'EXPR_ARGUMENTS', /& expression/, 18],
    ['$nope', 'EXPR_UNKNOWN_NAME', /no variable/, 0],
    [`${'('.repeat(70)}1${')'.repeat(70)}`, 'EXPR_LIMIT', /deeper/, 64],
    [`inputs${'.a'.repeat(600)}`, 'EXPR_LIMIT', /more than/, 1005],
    [`'${'x'.repeat(20_000)}'`, 'EXPR_LIMIT', /longer/, 0],
    ['inputs.a[*].b[*].c[*].d[*].e[*].f', 'EXPR_COST', /steps/, 8],
  ])('%s → %s', (text, code, message, offset) => {
    const [fault] = faults(text);
    expect(fault).toMatchObject({ code, offset, message: expect.stringMatching(message) as string });
    expect(fault?.remediation).toBeTruthy();
  });

  it('says which function was meant', () => {
    expect(faults('lenght(inputs.x)')[0]?.remediation).toContain('`length`');
  });

  it.each(FUNCTION_NAMES.map((name) => [name]))('refuses %s without arguments', (name) => {
    expect(faults(`${name}()`)[0]?.code).toBe('EXPR_ARGUMENTS');
  });
});

describe('types', () => {
  const roots = {
    inputs: objectType({
      name: STRING_TYPE,
      flag: BOOLEAN_TYPE,
      size: nullable(NUMBER_TYPE),
      users: arrayType(objectType({ user: STRING_TYPE, lastUsedDays: NUMBER_TYPE })),
      free: objectType({}, true),
    }),
    steps: objectType({
      'collect-stale': objectType({
        outputs: typeOfSchema({
          type: 'object',
          properties: { phase: { type: 'string' } },
          required: ['phase'],
          additionalProperties: false,
        }),
      }),
    }),
  };

  it.each<[string, string, RegExp]>([
    ['inputs.flg', 'EXPR_UNKNOWN_NAME', /did you mean `flag`/],
    ['input.flag', 'EXPR_UNKNOWN_NAME', /did you mean `inputs`/],
    ['item.x', 'EXPR_UNKNOWN_NAME', /known: inputs, steps/],
    ['inputs.name == "not full"', 'EXPR_UNKNOWN_NAME', /write 'not full' for a string/],
    ['inputs.users[?user == "not full"]', 'EXPR_UNKNOWN_NAME', /write 'not full' for a string/],
    ['steps.collect-stale.outputs.phase == 3', 'EXPR_TYPE', /same type/],
    ['inputs.name == false', 'EXPR_TYPE', /same type/],
    ['inputs.name > 3', 'EXPR_TYPE', /to_number/],
    ['inputs.users > 3', 'EXPR_TYPE', /to_number/],
    ['not inputs.name', 'EXPR_TYPE', /compare it/],
    ['inputs.name and inputs.flag', 'EXPR_TYPE', /compare it/],
    ['inputs.flag or inputs.name', 'EXPR_TYPE', /compare it/],
    ['inputs.name.x', 'EXPR_TYPE', /check the path/],
    ['inputs.name[*].x', 'EXPR_TYPE', /check the path/],
    ['inputs.users[?user == index]', 'EXPR_UNKNOWN_NAME', /known: lastUsedDays, user/],
    ['length(inputs.flag)', 'EXPR_TYPE', /argument/],
    ["join(',', inputs.users[*].lastUsedDays)", 'EXPR_TYPE', /path/],
    ['sort_by(inputs.users, &lastUsed)', 'EXPR_UNKNOWN_NAME', /lastUsedDays|known/],
  ])('%s → %s', (text, code, remediation) => {
    expect(parsed(text).typeOf(roots).faults[0]).toMatchObject({
      code,
      remediation: expect.stringMatching(remediation) as string,
    });
  });

  it.each<[string, object]>([
    ['inputs.flag', BOOLEAN_TYPE],
    ['inputs.size || 3', NUMBER_TYPE],
    ['inputs.users[*].user', arrayType(STRING_TYPE)],
    ['inputs.users[?lastUsedDays > $.inputs.free.limit].lastUsedDays', arrayType(NUMBER_TYPE)],
    ['sort_by(inputs.users, &user)[0].user', nullable(STRING_TYPE)],
    ['map(&lastUsedDays, inputs.users)', arrayType(NUMBER_TYPE)],
    ['inputs.flag ? 1 : 2', NUMBER_TYPE],
    ['not_null(inputs.size, 1)', NUMBER_TYPE],
    ['{a: inputs.name}', objectType({ a: STRING_TYPE })],
  ])('%s has its type', (text, type) => {
    expect(parsed(text).typeOf(roots)).toMatchObject({ faults: [], type });
  });
});

describe('reads', () => {
  it.each<[string, readonly string[]]>([
    ['inputs.x', ['inputs.x']],
    ["steps.a-b.outputs.list[0].name == 'x'", ['steps.a-b.outputs.list.0.name']],
    ['inputs.users[?days > $.inputs.limit].user', ['inputs.limit', 'inputs.users.?.days', 'inputs.users.?.user']],
    ['inputs.users[*].{u: user, n: $.index}', ['index', 'inputs.users.?', 'inputs.users.?.user']],
    ["inputs.users[*].{u: 'x'}", ['inputs.users.?']],
    ['sort_by(inputs.users, &days)[0]', ['inputs.users', 'inputs.users.?.days']],
    ['{a: secrets.token, b: run.id, c: [tenant]}', ['run.id', 'secrets.token', 'tenant']],
    ['let $x = steps.a in $x.outputs', ['steps.a.outputs']],
    ['steps.*.status', ['steps.?.status']],
    ['inputs.a | b', ['inputs.a.b']],
    ['inputs', ['inputs']],
    ['inputs.a || inputs.b', ['inputs.a', 'inputs.b']],
    ["'x'", []],
  ])('%s', (text, reads) => {
    expect(
      parsed(text)
        .reads.map(({ root, path }) => [root, ...path.map((step) => step ?? '?')].join('.'))
        .sort(),
    ).toEqual([...reads].sort());
  });
});
