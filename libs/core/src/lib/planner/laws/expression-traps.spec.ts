import type { Json, JsonObject } from '../../foundation/json';
import { evaluateTemplate } from '../../expression/json-template';
import { packText, plan, planned } from '../../../testing/planning';

// The traps of expressions (docs/guides/writing-packs.md), each through reader and planner: what a value becomes, or the fault and where it points.

const INPUTS = `inputs:
- { name: flag, type: boolean, default: false }
- { name: dryRun, type: boolean, default: false }
- { name: size, type: integer, default: 3 }
- { name: zero, type: integer, default: 0 }
- { name: name, type: string, default: web }
- { name: phase, type: string, default: full }
- { name: none, type: string }
- { name: staleAfterDays, type: integer, default: 90 }
- name: users
  type: array
  default: [ { user: a, grants: [ { id: g, lastUsedDays: 100 }, { id: h, lastUsedDays: 1 } ] } ]
  schema: { items: { type: object, properties: { user: { type: string }, grants: { type: array, items: { type: object, properties: { id: { type: string }, lastUsedDays: { type: integer } }, required: [lastUsedDays] } } } } }`;
const SCOPE: JsonObject = {
  inputs: {
    flag: false,
    dryRun: false,
    size: 3,
    zero: 0,
    name: 'web',
    phase: 'full',
    none: null,
    staleAfterDays: 90,
    users: [
      {
        user: 'a',
        grants: [
          { id: 'g', lastUsedDays: 100 },
          { id: 'h', lastUsedDays: 1 },
        ],
      },
    ],
  },
  steps: { 'collect-stale': { status: 'succeeded', outputs: { count: 4 }, artifacts: {}, error: null } },
  pack: { name: 'test', version: '1.0.0' },
};
const BEFORE = `- { id: collect-stale, run: { uses: "builtin:transform", with: { outputs: { count: 4 } } } }\n`;
const steps = (written: string): string =>
  `${BEFORE}- { id: use, run: { uses: "builtin:noop", with: { x: ${written} } } }`;
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The parameter `x` as it is planned and then evaluated. */
function valueOf(written: string): Json {
  const { graph } = planned(packText(steps(written), INPUTS)).plan;
  const [, node] = graph.nodes;
  if (node?.kind !== 'run') throw new Error('no run step');
  return evaluateTemplate(node.with['x'] ?? null, SCOPE);
}

/** The first fault: its code, the source from its place on, and what it says to do. */
function firstFault(text: string): readonly string[] {
  const planning = plan(text);
  const fault = planning.kind === 'refused' ? planning.faults[0] : undefined;
  if (fault === undefined) return ['no fault'];
  const line = text.split('\n')[(fault.line ?? 0) - 1] ?? '';
  return [fault.code, line.slice((fault.column ?? 0) - 1), fault.remediation];
}

describe('the traps of expressions', () => {
  it.each<[string, Json]>([
    ['{{ !inputs.flag }}', true],
    ['{{ not inputs.dryRun }}', true],
    ['{{ !inputs.size == 4 }}', true],
    ['{{ not inputs.flag and inputs.dryRun }}', false],
    ['{{ not (inputs.flag and inputs.dryRun) }}', true],
    ['{{ inputs.flag or not inputs.flag and not inputs.dryRun }}', true],
    ["{{ inputs.phase == 'full' }}", true],
    ['{{ inputs.flag == false }}', true],
    ['{{ inputs.size == 3 and inputs.zero < 1 }}', true],
    ['{{ inputs.zero || 7 }}', 0],
    ['{{ inputs.zero or 7 }}', 0],
    ["{{ inputs.none || 'x' }}", 'x'],
    ["{{ '' || 'x' }}", ''],
    ['{{ steps.collect-stale.outputs.count }}', 4],
    ['{{ steps.collect-stale.outputs.count - 1 }}', 3],
    ['{{ inputs.size - inputs.zero }}', 3],
    ['{{ inputs.users[0].grants[?lastUsedDays > $.inputs.staleAfterDays].id }}', ['g']],
    ['{{ {a: {b: inputs.size}} }}', { a: { b: 3 } }],
    ['{{{a:{b:inputs.size}}}}', { a: { b: 3 } }],
    ["{{ '}}' }}", '}}'],
    ['{{ inputs.size }}', 3],
    ['n={{ inputs.size }}', 'n=3'],
    ['{{ inputs.flag }}!', 'false!'],
    ['{{ inputs.users[0].grants }}.', '[{"id":"g","lastUsedDays":100},{"id":"h","lastUsedDays":1}].'],
    ["{{ {b: 1, a: 'x'} }}.", '{"a":"x","b":1}.'],
    ['é😀 {{ inputs.name }}', 'é😀 web'],
    ["{{ '😀'[::-1] }}", '😀'],
    ['{{ digest(inputs.size) == digest(3) }}', true],
  ])('%s', (text, value) => {
    expect(valueOf(quoted(text))).toEqual(value);
  });

  it.each<[string, string, string, RegExp]>([
    ['{{ inputs.phase == "full" }}', 'EXPR_UNKNOWN_NAME', '"full" }}', /write 'full'/i],
    ['{{ inputs.phase == "not full" }}', 'EXPR_UNKNOWN_NAME', '"not full" }}', /write 'not full'/i],
    ["{{ inputs.size == '3' }}", 'EXPR_TYPE', "== ''3''", /same type/],
    ['{{ inputs.name == false }}', 'EXPR_TYPE', '== false', /same type/],
    ['{{ inputs.none == 3 }}', 'EXPR_TYPE', '== 3', /same type/],
    ['{{ not inputs.zero }}', 'EXPR_TYPE', 'inputs.zero }}', /compare it/i],
    ['{{ inputs.size and inputs.flag }}', 'EXPR_TYPE', 'inputs.size and', /compare it/i],
    ['{{ inputs.flag or inputs.name }}', 'EXPR_TYPE', 'inputs.name }}', /compare it/i],
    ['{{ inputs.name < inputs.phase }}', 'EXPR_TYPE', 'inputs.name <', /to_number/],
    ['{{ inputs.users[?grants] }}', 'EXPR_TYPE', 'grants] }}', /compare it/i],
    ['{{ inputs.size-1 }}', 'EXPR_UNKNOWN_NAME', 'size-1 }}', /did you mean `size`|known/i],
    ['{{ inputs.size -1 }}', 'EXPR_SYNTAX', '-1 }}', /a - b/],
    ['{{ inputs.users[0].grants[?lastUsedDays > inputs.staleAfterDays] }}', 'EXPR_ROOT', 'inputs.stale', /\$\.inputs/],
    ['{{ inputs.flg }}', 'EXPR_UNKNOWN_NAME', 'flg }}', /did you mean `flag`/i],
    ['{{ lenght(inputs.name) }}', 'EXPR_UNKNOWN_FUNCTION', 'lenght', /did you mean `length`/i],
    ['{{ length(inputs.name, 1) }}', 'EXPR_ARGUMENTS', 'length', /arguments/i],
    ['{{ inputs.flag = true }}', 'EXPR_SYNTAX', '= true', /`==`/],
    ['x {{ inputs.name', 'EXPR_UNCLOSED', '{{ inputs.name', /}}/],
    ['{{ {a: inputs.size }}', 'EXPR_UNCLOSED', '{{ {a:', /}}/],
    ['{{ steps.colect-stale.outputs }}', 'EXPR_UNKNOWN_NAME', 'steps.colect', /did you mean collect-stale/i],
    ['{{ steps.scans::scan }}', 'EXPR_SYNTAX', '::scan', /did you mean `steps\.scans\.outputs`\?/],
    ['{{ scans::scan }}', 'EXPR_SYNTAX', '::scan', /did you mean `steps\.scans\.outputs`\?/],
    ['{{ steps.all::x::y }}', 'EXPR_SYNTAX', '::x', /did you mean `steps\.all\.outputs`\?/],
    ['{{ input.name }}', 'EXPR_UNKNOWN_NAME', 'input.', /did you mean `inputs`\?/i],
    ['{{ params.name }}', 'EXPR_UNKNOWN_NAME', 'params.', /did you mean `inputs`\?/i],
    ['{{ phase }}', 'EXPR_UNKNOWN_NAME', 'phase', /did you mean `inputs\.phase`\?/i],
    ['{{ .inputs.name }}', 'EXPR_SYNTAX', '.inputs', /did you mean `inputs`\?/],
    ['{{ $inputs.name }}', 'EXPR_UNKNOWN_NAME', '$inputs', /write inputs for a root/i],
    ["{{ inputs['name'] }}", 'EXPR_SYNTAX', "''name'']", /did you mean `\.name`\?/],
    ["{{ steps['collect-stale'].outputs }}", 'EXPR_SYNTAX', "''collect", /did you mean `\.collect-stale`\?/],
    ["{{ inputs['a b'] }}", 'EXPR_SYNTAX', "''a b'']", /did you mean `\."a b"`\?/],
    ['{{ step.collect-stale.outputs }}', 'EXPR_UNKNOWN_NAME', 'step.', /did you mean `steps`\?/i],
    ['{{ needs.collect-stale.outputs }}', 'EXPR_UNKNOWN_NAME', 'needs.', /did you mean `steps`\?/i],
    ['{{ steps.collect-stale.output }}', 'EXPR_UNKNOWN_NAME', 'output }}', /did you mean `outputs`\?/i],
    ['{{ steps.collect-stale.result }}', 'EXPR_UNKNOWN_NAME', 'result }}', /did you mean `outputs`\?/i],
    ['{{ outputs.count }}', 'EXPR_UNKNOWN_NAME', 'outputs.', /did you mean `steps\.<id>\.outputs`\?/i],
    ['{{ inputs.users.id }}', 'EXPR_TYPE', 'id }}', /\[\*\]\.id/],
    ['{{ $ }}', 'EXPR_ROOT', '$ }}', /use a path such as inputs\.name/i],
    ['{{ [1] }}', 'EXPR_ROOT', '', /write a list of constants as `\[1\]`/],
  ])('%s is refused', (text, code, at, remediation) => {
    const [found, place, remedy] = firstFault(packText(steps(quoted(text)), INPUTS));
    expect([found, place?.slice(0, at.length)]).toEqual([code, at]);
    expect(remedy).toMatch(remediation);
  });

  it('null stands in no text', () => {
    expect(() => valueOf("'a {{ inputs.none }}'")).toThrow(expect.objectContaining({ code: 'EXPR_NULL' }) as Error);
  });

  it.each([
    ['x: {{ inputs.name }}', '{{ inputs'],
    ['x: [ a, {{ inputs.name }} ]', '{{ inputs'],
    ['x: {{ inputs.name }} and more', '{{ inputs'],
  ])('an expression without quotes: %s', (written, at) => {
    const text = packText(`- id: use\n  run:\n    uses: builtin:noop\n    with:\n      ${written}`, INPUTS);
    const [code, place, remedy] = firstFault(text);
    expect([code, place?.slice(0, at.length)]).toEqual(['DOC_UNQUOTED_EXPRESSION', at]);
    expect(remedy).toMatch(/quotes/);
  });

  it.each<[string, string]>([
    ['a condition over a number', '{{ inputs.zero }}'],
    ['a condition over a text', '{{ inputs.name }}'],
    ['a condition over a list', '{{ inputs.users }}'],
    ['a condition that may be null', '{{ inputs.none }}'],
    ['a condition inside a text', 'x {{ inputs.flag }}'],
    ['a condition without braces', 'inputs.flag'],
  ])('%s', (_, when) => {
    const text = packText(`- { id: use, when: ${quoted(when)}, run: { uses: "builtin:noop" } }`, INPUTS);
    expect(firstFault(text)[0]).toBe('EXPR_TYPE');
  });

  it('an element of which nothing is known does not hide the item of a map', () => {
    const map = (filter: string): string =>
      packText(
        `- { id: m, map: { items: [1], step: { id: a, run: { uses: "builtin:noop", with: { x: "{{ inputs.rows[?${filter}] }}" } } } } }`,
        'inputs: [ { name: rows, type: array, default: [] } ]',
      );
    const [code, place, remedy] = firstFault(map('id == item'));
    expect([code, place?.slice(0, 4)]).toEqual(['EXPR_ROOT', 'item']);
    expect(remedy).toMatch(/\$\.item/);
    expect(firstFault(map('id == $.item'))).toEqual(['no fault']);
    expect(firstFault(map("@.item == 'x' and tenant == 'y'"))).toEqual(['no fault']);
  });
});

describe('a fault within a text stands where its reader sees it', () => {
  const withText = (lines: readonly string[], newline = '\n'): string =>
    packText(
      ['- id: use', '  run:', '    uses: builtin:noop', '    with:', ...lines.map((line) => `      ${line}`)].join(
        '\n',
      ),
      INPUTS,
    ).replaceAll('\n', newline);

  it.each<[string, readonly string[]]>([
    ['a literal block', ['x: |', '  first', '', '  second {{ inputs.flag }} {{ inputs.nope }}']],
    ['a literal block with an indentation', ['x: |2-', '    first', '   {{ inputs.nope }}']],
    ['a literal block with a comment', ['x: | # why', '  {{ inputs.nope }}']],
    ['a folded block', ['x: >-', '  first', '  second', '', '  {{ inputs.size +', '  inputs.nope }}']],
    ['a plain text of two lines', ['x: first', '  {{ inputs.nope }}']],
    ['double quotes over two lines', ['x: "first \\', '  second {{ inputs.nope }}"']],
    ['double quotes with escapes', ['x: "\\u00e9\\t\\U0001F600 \\"{{ inputs.nope }}"']],
    ['single quotes with a quote', ["x: 'it''s {{ inputs.nope }}'"]],
    ['characters beyond the first plane', ['x: "é😀😀 {{ inputs.nope }}"']],
    ['a second expression', ['x: "{{ inputs.size }} {{ inputs.nope }}"']],
  ])('%s', (_, lines) => {
    for (const newline of ['\n', '\r\n']) {
      const [code, place] = firstFault(withText(lines, newline));
      expect([code, place?.slice(0, 4)]).toEqual(['EXPR_UNKNOWN_NAME', 'nope']);
    }
  });

  it('after a byte order mark too', () => {
    const text = `\uFEFF${withText(['x: "{{ inputs.nope }}"'])}`;
    expect(firstFault(text).slice(0, 2)).toEqual(['EXPR_UNKNOWN_NAME', 'nope }}"']);
  });

  it('at the end of a text that ends too early', () => {
    expect(firstFault(withText(['x: |', '  {{ inputs.size + }} more'])).slice(0, 2)).toEqual([
      'EXPR_SYNTAX',
      '}} more',
    ]);
  });
});

describe('expressions are read where the language says, and nowhere else', () => {
  const E = '"{{ inputs.nope }}"';
  const noop = '- { id: a, run: { uses: "builtin:noop" } }';
  const command = (more: string): string =>
    `- { id: a, run: { uses: "builtin:command", with: { command: [x] }, ${more} } }`;
  const approvals = (more = ''): string => `approvals: [ { id: o, grants: ["role:sec-lead"]${more} } ]`;
  const codes = (steps: string, more = ''): readonly string[] => {
    const planning = plan(packText(steps, more));
    return planning.kind === 'refused' ? [...new Set(planning.faults.map(({ code }) => code))] : [];
  };

  it.each<[string, string, string]>([
    ['when', `- { id: a, when: ${E}, run: { uses: "builtin:noop" } }`, ''],
    ['with', `- { id: a, run: { uses: "builtin:noop", with: { x: ${E} } } }`, ''],
    ['env', command(`env: { X: ${E} }`), ''],
    ['files', command(`files: { x: ${E} }`), ''],
    ['items', `- { id: m, map: { items: ${E}, maxItems: 3, step: { id: a, run: { uses: "builtin:noop" } } } }`, ''],
    ['label', `- { id: m, map: { items: [1], label: ${E}, step: { id: a, run: { uses: "builtin:noop" } } } }`, ''],
    [
      'outputs of a map',
      `- { id: m, map: { items: [1], outputs: { x: ${E} }, step: { id: a, run: { uses: "builtin:noop" } } } }`,
      '',
    ],
    [
      'a branch',
      `- { id: c, conditional: { branches: [ { when: ${E}, steps: [ { id: a, run: { uses: "builtin:noop" } } ] } ] } }`,
      '',
    ],
    ['message', `- { id: a, gate: { approval: o, message: ${E} } }`, approvals()],
    ['show', `- { id: a, gate: { approval: o, message: m, show: { x: ${E} } } }`, approvals()],
    ['reasonTemplate', noop, approvals(`, reasonTemplate: ${E}`)],
    ['concurrency.group', noop, `concurrency: { group: ${E} }`],
    ['success.message', noop, `success: { message: ${E} }`],
    ['failure.message', noop, `failure: { message: ${E} }`],
    ['outputs', noop, `outputs: [ { name: x, type: string, value: ${E} } ]`],
  ])('%s is read', (_, steps, more) => {
    expect(codes(steps, more)).toEqual(['EXPR_UNKNOWN_NAME']);
  });

  it.each<[string, string, string, RegExp]>([
    ['name', `- { id: a, name: ${E}, run: { uses: "builtin:noop" } }`, '', /^EXPR_NOT_ALLOWED$/],
    ['a destination', command(`egress: [ { url: ${E} } ]`), '', /^EXPR_NOT_ALLOWED$/],
    ['the intent of one', command(`egress: [ { url: "https://x.test", intent: ${E} } ]`), '', /^EXPR_NOT_ALLOWED$/],
    ['the path of an artifact', command(`artifacts: [ { name: x, path: ${E} } ]`), '', /^EXPR_NOT_ALLOWED$/],
    [
      'a form',
      `- { id: a, gate: { approval: o, message: m, form: { title: ${E} } } }`,
      approvals(),
      /^EXPR_NOT_ALLOWED$/,
    ],
    ['a default', noop, `inputs: [ { name: x, type: string, default: ${E} } ]`, /^EXPR_NOT_ALLOWED$/],
    ['an id', `- { id: ${E}, run: { uses: "builtin:noop" } }`, '', /^EXPR_NOT_ALLOWED$/],
    ['a duration', `- { id: a, timeout: ${E}, run: { uses: "builtin:noop" } }`, '', /^EXPR_NOT_ALLOWED$/],
    ['an executor', `- { id: a, run: { uses: ${E} } }`, '', /^EXPR_NOT_ALLOWED$/],
  ])('%s is not', (_, steps, more, code) => {
    expect(codes(steps, more)[0]).toMatch(code);
  });

  it.each<[string, string, string]>([
    ['a script', `- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash], source: ${E} } } }`, ''],
    ['a description', noop, `inputs: [ { name: x, type: string, description: ${E} } ]`],
    ['a schema', noop, `inputs: [ { name: x, type: string, schema: { title: ${E} } } ]`],
  ])('%s is left as it is', (_, steps, more) => {
    expect(codes(steps, more)).toEqual([]);
  });
});
