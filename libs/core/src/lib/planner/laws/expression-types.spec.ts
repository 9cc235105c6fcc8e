import { packText, plan } from '../../../testing/planning';

// What the planner knows before a run: the type of every input, result, item and error. Each line is an expression in the parameter of a
// step, and what is wrong with it: the code, the text from the fault's place on, and a part of what the fault says. Null: nothing.

const INPUTS = `inputs:
- { name: name, type: string, required: true }
- { name: maybe, type: number }
- { name: count, type: integer, default: 1 }
- { name: flag, type: boolean, default: true }
- { name: report, type: file }
- { name: free, type: object, default: {} }
- { name: rows, type: array, default: [] }
- name: closed
  type: object
  default: { host: a }
  schema:
    properties: { host: { type: string }, port: { type: integer }, tags: { type: array, items: { type: string } } }
    required: [host]
    additionalProperties: false
- { name: mode, type: string, default: a, schema: { enum: [a, b] } }
- { name: mixed, type: object, default: { v: 1 }, schema: { properties: { v: { enum: [1, x] }, k: { const: { deep: true } } }, required: [v] } }
- name: tree
  type: object
  default: { leaf: { id: x } }
  schema:
    $defs: { leaf: { type: object, properties: { id: { type: string }, next: { $ref: "#/$defs/leaf" } }, required: [id], additionalProperties: false } }
    properties: { leaf: { $ref: "#/$defs/leaf" }, self: { $ref: "#" } }
    required: [leaf]
- name: either
  type: object
  default: { kind: a }
  schema:
    oneOf:
      - { properties: { kind: { const: a }, x: { type: string } }, required: [kind], additionalProperties: false }
      - { properties: { kind: { const: b }, y: { type: number } }, required: [kind], additionalProperties: false }
- name: both
  type: object
  default: { a: 1, b: x }
  schema: { allOf: [ { properties: { a: { type: number } }, required: [a] }, { properties: { b: { type: string } }, required: [b] } ] }
- { name: union, type: object, default: { v: 1, n: null }, schema: { properties: { v: { anyOf: [ { type: number }, { type: string } ] }, n: { type: [string, "null"] } }, required: [v, n] } }
- { name: patterned, type: object, default: {}, schema: { properties: { a: { type: number } }, patternProperties: { "^x-": { type: string } }, additionalProperties: false } }
- { name: pairs, type: array, default: [], schema: { prefixItems: [ { type: string }, { type: number } ], items: { type: boolean } } }`;

const STEPS = `
- id: scan
  run:
    uses: builtin:command
    with: { command: [x] }
    artifacts: [ { name: bom, path: bom.json }, { name: logs, path: "logs/*" } ]
    outputs: { critical: { type: integer }, ids: { schema: { type: array, items: { type: string } } }, bom: { type: file } }
- { id: loose, run: { uses: "builtin:command", with: { command: [x] } } }
- { id: pure, run: { uses: "builtin:transform", with: { outputs: { n: "{{ inputs.count }}", deep: { t: "{{ inputs.name }}" } } } } }
- { id: get, run: { uses: "builtin:http", with: { url: "https://a.test/x", outputs: { id: "{{ response.body.id }}", code: "{{ response.status }}" }, saveAs: body }, egress: [ { url: "https://a.test" } ] } }
- { id: raw, run: { uses: "builtin:http", with: { url: "https://a.test/x" }, egress: [ { url: "https://a.test" } ] } }
- { id: check, run: { uses: "builtin:validate-schema", with: { target: 1, schema: { type: number } } } }
- { id: hosts, map: { items: ["a", "b"], step: { id: probe, run: { uses: "builtin:transform", with: { outputs: { host: "{{ item }}", up: true } } } } } }
- { id: named, map: { items: [1, 2], outputs: { twice: "{{ item * 2 }}" }, step: { id: sum, run: { uses: "builtin:noop" } } } }
- { id: side, parallel: { steps: [ { id: left, run: { uses: "builtin:transform", with: { outputs: { l: 1 } } } }, { id: right, run: { uses: "builtin:noop" } } ] } }
- id: pick
  conditional:
    branches: [ { when: "{{ inputs.flag }}", steps: [ { id: yes, run: { uses: "builtin:transform", with: { outputs: { y: 1 } } } } ] } ]
    else: [ { id: no, run: { uses: "builtin:transform", with: { outputs: { n: x } } } } ]
- { id: ask, gate: { approval: owners, message: ok, form: { type: object, properties: { reason: { type: string } }, required: [reason], additionalProperties: false } } }
`;
const MORE = `${INPUTS}\napprovals: [ { id: owners, grants: ["role:sec-lead"] } ]`;

function firstFault(expression: string): readonly string[] | null {
  const text = packText(
    `${STEPS}- { id: use, run: { uses: "builtin:noop", with: { x: "{{ ${expression} }}" } } }\n- { id: late, run: { uses: "builtin:noop" } }`,
    MORE,
  );
  const planning = plan(text, { name: 'n' }, {});
  const fault = planning.kind === 'refused' ? planning.faults[0] : undefined;
  if (fault === undefined) return null;
  const line = text.split('\n')[(fault.line ?? 0) - 1] ?? '';
  return [fault.code, line.slice((fault.column ?? 0) - 1), `${fault.message} ${fault.remediation}`];
}

type Expected = readonly [code: string, at: string, says: RegExp] | null;

describe('types before a run', () => {
  it.each<[string, Expected]>([
    // inputs
    ['inputs.name', null],
    ['inputs.nam', ['EXPR_UNKNOWN_NAME', 'nam }}', /mean `name`/]],
    ['input.name', ['EXPR_UNKNOWN_NAME', 'input.', /mean `inputs`/]],
    ['inputs.count + 1', null],
    ['inputs.name + 1', ['EXPR_TYPE', 'inputs.name +', /takes a number/]],
    ['inputs.maybe + 1', null],
    ["inputs.maybe == 'x'", ['EXPR_TYPE', "== 'x'", /never equal/]],
    ['inputs.maybe == null', null],
    ['inputs.count == null', null],
    ['inputs.flag.x', ['EXPR_TYPE', 'x }}', /has no field/]],
    ['inputs.report.digest', null],
    ['inputs.report.name', ['EXPR_UNKNOWN_NAME', 'name }}', /digest, size/]],
    ['inputs.free.anything.at.all', null],
    ['inputs.rows[0].x', null],
    ['inputs.rows.x', ['EXPR_TYPE', 'x }}', /array/]],
    ['inputs.closed.host', null],
    ['inputs.closed.hots', ['EXPR_UNKNOWN_NAME', 'hots }}', /mean `host`/]],
    ["inputs.closed.port == 'x'", ['EXPR_TYPE', "== 'x'", /never equal/]],
    ['inputs.closed.port + 1', null],
    ['inputs.closed.tags[0] == 1', ['EXPR_TYPE', '== 1', /never equal/]],
    ['sum(inputs.closed.tags)', ['EXPR_TYPE', 'inputs.closed.tags)', /numbers, not a string/]],
    ["join(', ', inputs.closed.tags)", null],
    ['inputs.mode == 1', ['EXPR_TYPE', '== 1', /never equal/]],
    ['inputs.mixed.v == true', ['EXPR_TYPE', '== true', /never equal/]],
    ["inputs.mixed.v == 'x'", null],
    ['inputs.mixed.k.deep', null],
    ['inputs.mixed.k.deeper', ['EXPR_UNKNOWN_NAME', 'deeper }}', /mean `deep`/]],
    ['inputs.tree.leaf.id', null],
    ['inputs.tree.leaf.idd', ['EXPR_UNKNOWN_NAME', 'idd }}', /mean `id`/]],
    ['inputs.tree.leaf.id > 3', ['EXPR_TYPE', 'inputs.tree', /takes a number/]],
    ['inputs.tree.leaf.next.next.id', null],
    ['inputs.tree.self.leaf', null],
    ['inputs.either.x', null],
    ['inputs.either.y', null],
    ['inputs.either.z', ['EXPR_UNKNOWN_NAME', 'z }}', /no field/]],
    ["inputs.either.y == 'x'", ['EXPR_TYPE', "== 'x'", /never equal/]],
    ['inputs.both.a + 1', null],
    ['inputs.both.b + 1', ['EXPR_TYPE', 'inputs.both.b', /takes a number/]],
    ['inputs.union.v == true', ['EXPR_TYPE', '== true', /never equal/]],
    ['inputs.union.n == 3', ['EXPR_TYPE', '== 3', /never equal/]],
    ["inputs.patterned.x-a == 'x'", null],
    ['inputs.pairs[0] == 1', null],
    // steps
    ['steps.scan.outputs.critical > 0', null],
    ['steps.scan.outputs.critcal > 0', ['EXPR_UNKNOWN_NAME', 'critcal', /mean `critical`/]],
    ['steps.scan.outputs.exitCode == 0', null],
    ["steps.scan.outputs.ids[0] == 'x'", null],
    ['steps.scan.outputs.ids[0] == 1', ['EXPR_TYPE', '== 1', /never equal/]],
    ['steps.scan.outputs.bom.size', null],
    ['steps.scan.artifacts.bom.digest', null],
    ['steps.scan.artifacts.bomb', ['EXPR_UNKNOWN_NAME', 'bomb }}', /mean `bom`/]],
    ['steps.scan.artifacts.bom.sha', ['EXPR_UNKNOWN_NAME', 'sha }}', /known: digest/i]],
    ['steps.scan.artifacts.logs[0].size', null],
    ['steps.scan.error.code', null],
    ['steps.scan.error.exitcode', ['EXPR_UNKNOWN_NAME', 'exitcode }}', /mean `exitCode`/]],
    ['steps.scan.status == true', ['EXPR_TYPE', '== true', /never equal/]],
    ['steps.scan.state', ['EXPR_UNKNOWN_NAME', 'state }}', /mean `status`|known/i]],
    ['steps.scan.counts', ['EXPR_UNKNOWN_NAME', 'counts }}', /known/i]],
    ['steps.loose.outputs.anything', null],
    ["steps.loose.outputs.exitCode == '0'", ['EXPR_TYPE', "== '0'", /never equal/]],
    ['steps.pure.outputs.n + 1', null],
    ['steps.pure.outputs.deep.t + 1', ['EXPR_TYPE', 'steps.pure', /takes a number/]],
    ['steps.pure.outputs.m', ['EXPR_UNKNOWN_NAME', 'm }}', /known: deep, n/i]],
    ['steps.get.outputs.code > 200', null],
    ["steps.get.outputs.code == 'x'", ['EXPR_TYPE', "== 'x'", /never equal/]],
    ['steps.get.outputs.status', ['EXPR_UNKNOWN_NAME', 'status }}', /known: code, id/i]],
    ['steps.get.artifacts.body.size', null],
    ['steps.raw.outputs.status > 200', null],
    ['steps.raw.outputs.body.a.b', null],
    ['steps.raw.outputs.bdy', ['EXPR_UNKNOWN_NAME', 'bdy }}', /mean `body`/]],
    ['steps.check.outputs.valid and true', null],
    ['steps.check.outputs.valid > 1', ['EXPR_TYPE', 'steps.check', /takes a number/]],
    ['steps.hosts.outputs[0].host', null],
    ['steps.hosts.outputs[*].hst', ['EXPR_UNKNOWN_NAME', 'hst }}', /mean `host`/]],
    ['steps.hosts.outputs.host', ['EXPR_TYPE', 'host }}', /array/]],
    ['steps.hosts.counts.failed > 0', null],
    ['steps.hosts.counts.filed', ['EXPR_UNKNOWN_NAME', 'filed }}', /mean `failed`/]],
    ['steps.named.outputs[0].twice + 1', null],
    ['steps.named.outputs[0].once', ['EXPR_UNKNOWN_NAME', 'once }}', /known: twice/i]],
    ['steps.probe.outputs', ['EXPR_UNKNOWN_NAME', 'steps.probe', /mean steps\.hosts\.outputs, .* in a map/i]],
    ['steps.hosts.probe.outputs', ['EXPR_UNKNOWN_NAME', 'steps.hosts', /mean steps\.hosts\.outputs, .* in a map/i]],
    ['probe.outputs', ['EXPR_UNKNOWN_NAME', 'probe.', /mean steps\.hosts\.outputs, .* in a map/i]],
    ['hosts.outputs', ['EXPR_UNKNOWN_NAME', 'hosts.', /mean steps\.hosts\?/]],
    ['steps.hosts[0].host', ['EXPR_TYPE', '[0]', /mean the elements of its `outputs`/]],
    ['steps.hosts.outputs.host', ['EXPR_TYPE', 'host }}', /\[\*\]\.host/]],
    ['steps.side.outputs.left.l + 1', null],
    ['steps.side.outputs.lft', ['EXPR_UNKNOWN_NAME', 'lft }}', /mean `left`/]],
    ['steps.left.outputs.l', null],
    ['steps.pick.outputs.y', null],
    ['steps.pick.outputs.z', ['EXPR_UNKNOWN_NAME', 'z }}', /no field/]],
    ['steps.pick.branch', null],
    ['steps.pick.branch == true', ['EXPR_TYPE', '== true', /never equal/]],
    ["steps.ask.outputs.decision == 'approved'", null],
    ['steps.ask.outputs.response.reason', null],
    ['steps.ask.outputs.response.raison', ['EXPR_UNKNOWN_NAME', 'raison }}', /mean `reason`/]],
    ['steps.ask.outputs.decisions[0].person.sub', null],
    ['steps.ask.outputs.decisions[0].person.name', ['EXPR_UNKNOWN_NAME', 'name }}', /known: iss, sub/i]],
    ['steps.late.outputs', ['EXPR_STEP_ORDER', 'steps.late', /may not have run/]],
    ['steps.use.outputs', ['EXPR_STEP_ORDER', 'steps.use', /is this step itself/]],
    ['steps.scna.outputs', ['EXPR_UNKNOWN_NAME', 'steps.scna', /mean scan/]],
    // roots and functions
    ['item', ['EXPR_UNKNOWN_NAME', 'item }}', /no `item`/]],
    ['pack.name', null],
    ['pack.nane', ['EXPR_UNKNOWN_NAME', 'nane }}', /mean `name`/]],
    ['length(inputs.flag)', ['EXPR_TYPE', 'inputs.flag)', /argument 1/i]],
    ['upper(inputs.count)', ['EXPR_TYPE', 'inputs.count)', /a string, not a number/]],
    ['uper(inputs.name)', ['EXPR_UNKNOWN_FUNCTION', 'uper(', /mean `upper`/]],
    ['upper(inputs.name, 1)', ['EXPR_ARGUMENTS', 'upper(', /takes 1/]],
    ['sort_by(steps.named.outputs, &twice)[0].twice > 1', null],
    ['sort_by(steps.named.outputs, &twise)', ['EXPR_UNKNOWN_NAME', 'twise', /mean `twice`/]],
    ['sort_by(steps.named.outputs, twice)', ['EXPR_ARGUMENTS', 'twice)', /add & before the argument/i]],
    ['map(&up, steps.hosts.outputs)[0] == 1', ['EXPR_TYPE', '== 1', /never equal/]],
    ['{a: inputs.name}.b', ['EXPR_UNKNOWN_NAME', 'b }}', /known: a/i]],
    ['(inputs.flag ? inputs.count : inputs.name) == true', ['EXPR_TYPE', '== true', /never equal/]],
    ['let $n = inputs.name in $n > 1', ['EXPR_TYPE', '$n > 1', /takes a number/]],
    ['let $n = inputs.name in $m', ['EXPR_UNKNOWN_NAME', '$m', /known: \$n/i]],
  ])('%s', (expression, expected) => {
    const found = firstFault(expression);
    if (expected === null) return expect(found).toBeNull();
    const [code, at, says] = expected;
    expect([found?.[0], found?.[1]?.slice(0, at.length)]).toEqual([code, at]);
    expect(found?.[2]).toMatch(says);
  });
});
