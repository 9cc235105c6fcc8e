const NOOP = 'run: { uses: "builtin:noop" }';
const command = (more = '') => `run: { uses: "builtin:command", with: { command: [x] }${more} }`;
const http = (url: string) => `run: { uses: "builtin:http", with: { url: ${url} } }`;
const HEAD = 'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: test, version: 1.0.0 }\n';
const STEPS = `spec: { steps: [ { id: a, ${NOOP} } ] }\n`;
const ONE = `steps: [ { id: a, ${NOOP} } ]`;

/** A manifest that is refused: what is wrong, its text, and each fault as `CODE message`. */
export type BrokenManifest = readonly [what: string, text: string, ...faults: readonly string[]];

/**
 * Broken manifests. A `▸` stands where a person would point at the fault; it is no part of the text, and the faults are in the order
 * of the marks. A text that begins with a dash is a list of steps, one with `kind:` the whole document, any other the entries of `spec`.
 */
export const BROKEN_MANIFESTS: readonly BrokenManifest[] = [
  // The document
  ['an anchor', `${HEAD}spec: { steps: [ { id: a, ▸&x ${NOOP} } ] }`.replace('▸&x run:', 'run: ▸&x'), 'DOC_ANCHOR'],
  ['an alias', `${HEAD}${STEPS.replace('"builtin:noop"', '▸*x')}`, 'DOC_ALIAS'],
  ['a merge key', `- id: a\n  ${NOOP}\n  ▸<<: { name: x }`, 'DOC_MERGE_KEY'],
  ['a tag', `- { id: a, name: ▸!!str x, ${NOOP} }`, 'DOC_TAG'],
  ['a key twice', `- { id: a, name: x, ▸name: y, ${NOOP} }`, 'DOC_DUPLICATE_KEY'],
  ['a number that no double holds', `- { id: a, run: { uses: "builtin:noop", with: { x: ▸9007199254740993 } } }`, 'DOC_NUMBER_RANGE'],
  ['digits that no double holds', `- { id: a, run: { uses: "builtin:noop", with: { x: ▸0.1000000000000000055 } } }`, 'DOC_NUMBER_PRECISION'],
  ['an octal number', `- { id: a, run: { uses: "builtin:noop", with: { mode: ▸0644 } } }`, 'DOC_NUMBER_FORM'],
  ['half a character', `- { id: a, name: ▸"\\ud800", ${NOOP} }`, 'DOC_LONE_SURROGATE'],
  ['a key of every object', `- { id: a, run: { uses: "builtin:noop", with: { ▸__proto__: 1 } } }`, 'DOC_KEY_FORBIDDEN'],
  ['a key that is a number', `- { id: a, run: { uses: "builtin:noop", with: { ▸1: x } } }`, 'DOC_KEY_NOT_STRING'],
  ['an expression without quotes', `- { id: a, when: ▸{{ inputs.x }}, ${NOOP} }`, 'DOC_UNQUOTED_EXPRESSION'],
  ['a second document', `${HEAD}${STEPS}▸---\nx: 1\n`, 'DOC_SEVERAL_DOCUMENTS'],
  ['a directive', `▸%YAML 1.1\n---\n${HEAD}${STEPS}`, 'DOC_DIRECTIVE'],
  ['a control character', `- { id: a, name: "x▸\u0007", ${NOOP} }`, 'DOC_CONTROL_CHARACTER'],
  ['a list that never ends', `${HEAD}spec:\n  steps: [ { id: a }\n▸`, 'DOC_SYNTAX'],
  // The pack and its head
  ['another version of the language', `apiVersion: ▸stellaops.io/pack.v2\nkind: TaskPack\nmetadata: { name: a, version: 1.0.0 }\n${STEPS}`, 'PACK_API_VERSION'],
  ['another kind', `apiVersion: stellaops.io/pack.v1\nkind: ▸Task\nmetadata: { name: a, version: 1.0.0 }\n${STEPS}`, 'PACK_KIND'],
  ['no head', `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\n${STEPS}`.replace('api', '▸api'), 'PACK_FIELD_MISSING'],
  ['a name in capitals', `${HEAD.replace('name: test', 'name: ▸Test')}${STEPS}`, 'PACK_NAME'],
  ['a version of two parts', `${HEAD.replace('1.0.0', '▸"1.0"')}${STEPS}`, 'PACK_VERSION'],
  ['a version that YAML reads as a number', `${HEAD.replace('1.0.0', '▸1.5')}${STEPS}`, 'PACK_FIELD_TYPE'],
  ['a newer runner', `${HEAD.replace('1.0.0', '1.0.0, minRunnerVersion: ▸99.0.0')}${STEPS}`, 'PACK_RUNNER_TOO_OLD'],
  ['an unknown visibility', `${HEAD.replace('1.0.0', '1.0.0, tenantVisibility: ▸publik')}${STEPS}`, 'PACK_ENUM'],
  ['a field that is misspelled', `${HEAD.replace('1.0.0', '1.0.0, ▸licence: MIT')}${STEPS}`, 'PACK_UNKNOWN_FIELD'],
  ['no steps', '▸inputs: []', 'PACK_FIELD_MISSING'],
  ['an empty list of steps', 'steps: ▸[]', 'PACK_FIELD_EMPTY'],
  ['an input twice', `inputs: [ { name: x, type: string }, { name: ▸x, type: string } ]\n${ONE}`, 'PACK_DUPLICATE_NAME'],
  ['a type that is none', `inputs: [ { name: x, type: ▸text } ]\n${ONE}`, 'PACK_ENUM'],
  ['a default of another type', `inputs: [ { name: x, type: integer, default: ▸"1" } ]\n${ONE}`, 'PACK_INPUT_DEFAULT'],
  ['a default beside the enum', `inputs: [ { name: x, type: string, enum: [a, b], default: ▸c } ]\n${ONE}`, 'PACK_INPUT_DEFAULT'],
  ['an input by the name of every object', `inputs: [ { name: ▸constructor, type: string } ]\n${ONE}`, 'PACK_RESERVED_NAME'],
  ['an input with a space', `inputs: [ { name: ▸"a b", type: string } ]\n${ONE}`, 'PACK_IDENTIFIER'],
  ['a scope with a space', `secrets: [ { name: key, scope: ▸"packs run" } ]\n${ONE}`, 'PACK_SCOPE'],
  ['no approvers', `approvals: [ { id: o, minApprovals: ▸0 } ]\n${ONE}`, 'PACK_RANGE'],
  ['a policy of two sources', `policies: [ ▸{ id: p, engine: cel, source: "true", path: ▸p.cel } ]\n${ONE}`, 'PACK_FIELDS_EXCLUSIVE', 'PACK_FILE_MISSING'],
  ['a policy of none', `policies: [ ▸{ id: p, engine: cel } ]\n${ONE}`, 'PACK_FIELD_MISSING'],
  ['a time without a unit', `timeout: ▸30\n${ONE}`, 'PACK_DURATION'],
  ['a time in words', `timeout: ▸3 hours\n${ONE}`, 'PACK_DURATION'],
  ['no time at all', `timeout: ▸0s\n${ONE}`, 'PACK_DURATION'],
  ['a time of a century', `timeout: ▸36500d\n${ONE}`, 'PACK_DURATION'],
  ['two spellings of one field', `sealedInstall: false\n▸sealed_install: false\n${ONE}`, 'PACK_SPELLED_TWICE'],
  // Steps
  ['no kind', `- ▸{ id: a }`, 'PACK_STEP_KIND'],
  ['two kinds', `- ▸{ id: a, ${NOOP}, group: { steps: [ { id: b, ${NOOP} } ] } }`, 'PACK_STEP_KIND'],
  ['an id with a space', `- { id: ▸"a b", ${NOOP} }`, 'PACK_ID'],
  ['an id twice', `- { id: a, ${NOOP} }\n- { id: ▸a, ${NOOP} }`, 'PACK_DUPLICATE_ID'],
  ['needs that are not here', `- { id: scan, ${NOOP} }\n- { id: b, needs: [▸scam], ${NOOP} }`, 'PACK_NEEDS_UNKNOWN'],
  ['needs in a circle', `- { id: a, needs: ▸[b], ${NOOP} }\n- { id: b, ${NOOP} }`, 'PACK_NEEDS_CYCLE'],
  ['when to run', `- { id: a, runOn: ▸failed, ${NOOP} }`, 'PACK_ENUM'],
  ['retries of a group', `- { id: g, ▸retries: {}, group: { steps: [ { id: a, ${NOOP} } ] } }`, 'PACK_FIELD_NOT_ALLOWED'],
  ['a delay that is a text', `- { id: a, retries: { backoffSeconds: ▸5s }, ${NOOP} }`, 'PACK_FIELD_TYPE'],
  ['a text for a list', `- { id: a, needs: ▸b, ${NOOP} }`, 'PACK_FIELD_TYPE'],
  ['an executor without its kind', `- { id: a, run: { uses: ▸noop } }`, 'PACK_USES'],
  ['an environment variable in small letters', `- { id: a, ${command(', env: { ▸home: x }')} }`, 'PACK_ENV_NAME'],
  ['the runner’s own variable', `- { id: a, ${command(', env: { ▸LD_PRELOAD: x }')} }`, 'PACK_ENV_RESERVED'],
  ['a secret that is not declared', `secrets: [ { name: token } ]\nsteps: [ { id: a, ${command(', secrets: [▸tokne]')} } ]`, 'PACK_UNKNOWN_SECRET'],
  ['a secret as variable and file', `secrets: [ { name: t } ]\nsteps: [ { id: a, ${command(', secrets: [ ▸{ name: t, env: T, file: t } ]')} } ]`, 'PACK_FIELDS_EXCLUSIVE'],
  ['a digest that is short', `- { id: a, ${command(', tools: { jq: [▸"sha256:00"] }')} }`, 'PACK_DIGEST'],
  ['an artifact out of the task', `- { id: a, ${command(', artifacts: [ { name: r, path: ▸../r } ]')} }`, 'PACK_PATH'],
  ['an artifact twice', `- { id: a, ${command(', artifacts: [ { name: r, path: x }, { name: ▸r, path: y } ]')} }`, 'PACK_DUPLICATE_NAME'],
  ['a script that is not in the pack', `- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash], path: ▸run.sh } } }`, 'PACK_FILE_MISSING'],
  ['a gate with retries', `approvals: [ { id: o } ]\nsteps: [ { id: g, ▸retries: {}, gate: { approval: o } } ]`, 'PACK_GATE_FIELD'],
  ['an approval that is not declared', `approvals: [ { id: owners } ]\nsteps: [ { id: g, gate: { approval: ▸owner } } ]`, 'PACK_UNKNOWN_APPROVAL'],
  ['a policy that is not declared', `- { id: g, gate: { policy: ▸p } }`, 'PACK_UNKNOWN_POLICY'],
  ['a gate of both kinds', `approvals: [ { id: o } ]\npolicies: [ { id: p, engine: cel, source: "true" } ]\nsteps: [ { id: g, gate: ▸{ approval: o, policy: p } } ]`, 'PACK_FIELDS_EXCLUSIVE'],
  ['a gate of none', `- { id: g, gate: ▸{} }`, 'PACK_FIELD_MISSING'],
  ['a message twice', `approvals: [ { id: o } ]\nsteps: [ { id: g, gate: { message: x, approval: { id: o, ▸message: y } } } ]`, 'PACK_SPELLED_TWICE'],
  ['a type without its body', `- ▸{ id: a, type: ▸loopy }`, 'PACK_STEP_KIND', 'PACK_STEP_KIND'],
  // Loops and maps, as the reader judges them
  ['a loop over nothing', `- { id: l, loop: ▸{ body: [ { id: a, ${NOOP} } ] } }`, 'PACK_FIELD_MISSING'],
  ['a loop over two things', `- { id: l, loop: { items: ▸{ expression: x, static: [] }, body: [ { id: a, ${NOOP} } ] } }`, 'PACK_FIELDS_EXCLUSIVE'],
  ['a range by 0', `- { id: l, loop: { items: { range: { start: 0, end: 1, step: ▸0 } }, body: [ { id: a, ${NOOP} } ] } }`, 'PACK_RANGE'],
  ['too many iterations', `- { id: l, loop: { until: true, maxIterations: ▸10001, body: [ { id: a, ${NOOP} } ] } }`, 'PACK_RANGE'],
  ['an aggregation that is none', `- { id: l, loop: { until: true, aggregation: ▸first, body: [ { id: a, ${NOOP} } ] } }`, 'PACK_ENUM'],
  ['an iterator with a meaning', `- { id: m, map: { items: [1], iterator: ▸steps, step: { id: a, ${NOOP} } } }`, 'PACK_RESERVED_NAME'],
  ['one name for item and index', `- { id: m, map: { items: [1], iterator: x, index: ▸x, step: { id: a, ${NOOP} } } }`, 'PACK_FIELDS_EXCLUSIVE'],
  ['a map over a number', `- { id: m, map: { items: ▸3, step: { id: a, ${NOOP} } } }`, 'PACK_FIELD_TYPE'],
  ['a map over a text', `- { id: m, map: { items: ▸"{{ 'x' }}", step: { id: a, ${NOOP} } } }`, 'MAP_ITEMS_TYPE'],
  ['a map over results without a limit', `- { id: a, run: { uses: "builtin:transform", with: { outputs: { list: [1] } } } }\n- { id: m, map: { items: ▸"{{ steps.a.outputs.list }}", step: { id: b, ${NOOP} } } }`, 'MAP_MAX_ITEMS_MISSING'],
  ['more items than allowed', `- { id: m, map: { items: ▸[1, 2, 3], maxItems: 2, step: { id: a, ${NOOP} } } }`, 'MAP_ITEMS_LIMIT'],
  // Expressions
  ['an expression that breaks off', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ 1 + ▸}}" } } }`, 'EXPR_SYNTAX'],
  ['an input that is not declared', `inputs: [ { name: region, type: string, default: x } ]\nsteps: [ { id: a, run: { uses: "builtin:noop", with: { x: "{{ inputs.▸regoin }}" } } } ]`, 'EXPR_UNKNOWN_NAME'],
  ['a step that is not there', `- { id: scan, ${NOOP} }\n- { id: b, run: { uses: "builtin:noop", with: { x: "{{ ▸steps.scam.outputs }}" } } }`, 'EXPR_UNKNOWN_NAME'],
  ['a step that comes later', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸steps.b.outputs }}" } } }\n- { id: b, ${NOOP} }`, 'EXPR_STEP_ORDER'],
  ['a condition of a text', `- { id: a, when: ▸"inputs.x", ${NOOP} }`, 'EXPR_TYPE'],
  ['a condition of a number', `- { id: a, when: ▸"{{ 1 + 1 }}", ${NOOP} }`, 'EXPR_TYPE'],
  ['a text that is greater', `inputs: [ { name: x, type: string, default: a } ]\nsteps: [ { id: a, when: "{{ ▸inputs.x > 3 }}", ${NOOP} } ]`, 'EXPR_TYPE'],
  ['a function that is none', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸lenght('a') }}" } } }`, 'EXPR_UNKNOWN_FUNCTION'],
  ['too many arguments', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸length('a', 'b') }}" } } }`, 'EXPR_ARGUMENTS'],
  ['all steps at once', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸steps }}" } } }`, 'EXPR_ROOT'],
  ['a tenant in a condition', `- { id: a, when: "{{ ▸tenant == 'x' }}", ${NOOP} }`, 'EXPR_LATE_BOUND'],
  ['an expression in a default', `inputs: [ { name: x, type: string, default: "▸{{ y }}" } ]\n${ONE}`, 'EXPR_NOT_ALLOWED'],
  ['an expression in a name', `- { id: a, name: "x ▸{{ inputs.y }}", ${NOOP} }`, 'EXPR_NOT_ALLOWED'],
  ['a secret in a command', `secrets: [ { name: key } ]\nsteps: [ { id: a, run: { uses: "builtin:command", with: { command: [x, "{{ ▸secrets.key }}"] } } } ]`, 'SENSITIVE_FLOW'],
  ['a secret in a condition', `secrets: [ { name: key } ]\nsteps: [ { id: a, when: "{{ ▸secrets.key == 'x' }}", ${NOOP} } ]`, 'SENSITIVE_FLOW'],
  // Executors, network, gates
  ['an executor that is misspelled', `- { id: a, run: { uses: ▸"builtin:comand", with: {} } }`, 'EXECUTOR_UNKNOWN'],
  ['an extension that is not here', `- { id: a, run: { uses: ▸"ext:iam@1.0.0" } }`, 'EXECUTOR_UNAVAILABLE'],
  ['a parameter that is missing', `- { id: a, run: { uses: "builtin:command", with: ▸{} } }`, 'EXECUTOR_PARAMETER_MISSING'],
  ['a parameter that is misspelled', `- { id: a, run: { uses: "builtin:command", with: { command: [x], ▸okExitCode: [0] } } }`, 'EXECUTOR_PARAMETER_UNKNOWN'],
  ['a command in one text', `- { id: a, run: { uses: "builtin:command", with: { command: ▸"rm -rf /" } } }`, 'EXECUTOR_PARAMETER'],
  ['an interpreter that is not allowed', `- { id: a, run: { uses: "builtin:script", with: { interpreter: [▸perl], source: x } } }`, 'SCRIPT_INTERPRETER'],
  ['an image by its tag', `- { id: a, run: { uses: "builtin:container", with: { image: ▸"alpine:3.20", command: [x] } } }`, 'IMAGE_NOT_PINNED'],
  ['effects that are looser', `- { id: a, effects: ▸pure, ${command()} }`, 'PLAN_EFFECTS_LOOSER'],
  ['a schema that is none', `- { id: a, run: { uses: "builtin:validate-schema", with: { target: 1, schema: { type: ▸nothing } } } }`, 'SCHEMA_INVALID'],
  ['what is no file', `- { id: a, ${command(', files: { in: ▸text }')} }`, 'FILE_NOT_A_FILE'],
  ['a destination that is no host', `- { id: a, ${command(', egress: [ { url: ▸"ftp://x" } ]')} }`, 'EGRESS_URL'],
  ['a destination beyond the list', `sandbox: { egressAllowlist: ["a.test"] }\nsteps: [ { id: a, ${command(', egress: [ { url: ▸"https://b.test" } ]')} } ]`, 'SEALED_EGRESS_DENIED'],
  ['a URL that is no host', `- { id: a, ${http('▸"gopher://x"')} }`, 'EGRESS_URL'],
  ['a grant that nobody has', `approvals: [ { id: o, grants: [▸packs.aprove] } ]\n${ONE}`, 'GATE_GRANT_UNKNOWN'],
  ['an approval that never expires', `approvals: [ { id: o, expiresAfter: ▸300d } ]\n${ONE}`, 'GATE_EXPIRY_TOO_LONG'],
  ['a policy of broken syntax', `policies: [ { id: p, engine: cel, source: "1 ▸+" } ]\n${ONE}`, 'POLICY_SYNTAX'],
  ['a policy of another engine', `policies: [ { id: p, engine: ▸opa, source: x } ]\n${ONE}`, 'POLICY_ENGINE_UNKNOWN'],
  ['a secret that is not bound', `secrets: [ { name: key } ]\nsteps: [ { id: a, ${command(', secrets: [▸key]')} } ]`, 'SECRET_NOT_GRANTED'],
  ['a sealed pack in an open place', `sealedInstall: ▸true\n${ONE}`, 'SEALED_INSTALL_REQUIRED'],
  ['a sealed sandbox in an open place', `sandbox: { mode: ▸sealed }\n${ONE}`, 'SEALED_UNENFORCEABLE'],
  ['an output of another type', `steps: [ { id: a, ${NOOP} } ]\noutputs: [ { name: x, type: integer, value: ▸"{{ steps.a.status }}" } ]`, 'PLAN_OUTPUT_TYPE'],
  ['a group that is no text', `concurrency: { group: ▸"{{ 1 }}" }\n${ONE}`, 'PLAN_CONCURRENCY_GROUP'],
]; // prettier-ignore

/** The text of a broken manifest and the places of its marks. */
export function marked(text: string): { readonly text: string; readonly places: readonly string[] } {
  const whole = text.includes('kind:') ? text : `${HEAD}spec:\n${entriesOf(text)}`;
  const places = whole.split('▸').slice(0, -1).map((_, index, pieces) => {
    const lines = pieces.slice(0, index + 1).join('').split('\n');
    return `${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
  }); // prettier-ignore
  return { text: whole.replaceAll('▸', ''), places };
}

function entriesOf(text: string): string {
  const indented = (by: string) => text.split('\n').map((line) => by + line).join('\n'); // prettier-ignore
  return text.startsWith('-') ? `  steps:\n${indented('    ')}\n` : `${indented('  ')}\n`;
}
