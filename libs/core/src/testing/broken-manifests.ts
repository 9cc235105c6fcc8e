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
  ['an anchor', `${HEAD}spec: { steps: [ { id: a, ▸&x ${NOOP} } ] }`.replace('▸&x run:', 'run: ▸&x'), 'DOC_ANCHOR The anchor &x is not allowed.'],
  ['an alias', `${HEAD}${STEPS.replace('"builtin:noop"', '▸*x')}`, 'DOC_ALIAS The alias *x is not allowed.'],
  ['a merge key', `- id: a\n  ${NOOP}\n  ▸<<: { name: x }`, 'DOC_MERGE_KEY A merge key is not allowed.'],
  ['a tag', `- { id: a, name: ▸!!str x, ${NOOP} }`, 'DOC_TAG An explicit tag is not allowed.'],
  ['a key twice', `- { id: a, name: x, ▸name: y, ${NOOP} }`, 'DOC_DUPLICATE_KEY The key "name" is listed twice.'],
  ['a number that no double holds', `- { id: a, run: { uses: "builtin:noop", with: { x: ▸9007199254740993 } } }`, "DOC_NUMBER_RANGE The number 9007199254740993 is out of range."],
  ['digits that no double holds', `- { id: a, run: { uses: "builtin:noop", with: { x: ▸0.1000000000000000055 } } }`, 'DOC_NUMBER_PRECISION The number 0.1000000000000000055 cannot be represented exactly.'],
  ['an octal number', `- { id: a, run: { uses: "builtin:noop", with: { mode: ▸0644 } } }`, 'DOC_NUMBER_FORM The number 0644 is not in JSON syntax.'],
  ['half a character', `- { id: a, name: ▸"\\ud800", ${NOOP} }`, 'DOC_LONE_SURROGATE This is an unpaired surrogate.'],
  ['U+0000 as an escape', `- { id: a, name: ▸"x\\0", ${NOOP} }`, 'DOC_NUL The text contains U+0000.'],
  ['a key of every object', `- { id: a, run: { uses: "builtin:noop", with: { ▸__proto__: 1 } } }`, "DOC_KEY_FORBIDDEN The key __proto__ is not allowed."],
  ['a key that is a number', `- { id: a, run: { uses: "builtin:noop", with: { ▸1: x } } }`, 'DOC_KEY_NOT_STRING The key 1 is not a string.'],
  ['an expression without quotes', `- { id: a, when: ▸{{ inputs.x }}, ${NOOP} }`, 'DOC_UNQUOTED_EXPRESSION The expression is not in quotes, so YAML reads its braces as an object.'],
  ['a second document', `${HEAD}${STEPS}▸---\nx: 1\n`, "DOC_SEVERAL_DOCUMENTS A second document begins here."],
  ['a directive', `▸%YAML 1.1\n---\n${HEAD}${STEPS}`, 'DOC_DIRECTIVE There is a directive before the document.'],
  ['a control character', `- { id: a, name: "x▸\u0007", ${NOOP} }`, 'DOC_CONTROL_CHARACTER The control character U+0007 is not allowed.'],
  ['a list that never ends', `${HEAD}spec:\n  steps: [ { id: a }\n▸`, "DOC_SYNTAX The list that begins with [ in line 5, column 10 is not closed."],
  // The pack and its head
  ['another version of the language', `apiVersion: ▸stellaops.io/pack.v2\nkind: TaskPack\nmetadata: { name: a, version: 1.0.0 }\n${STEPS}`, "PACK_API_VERSION apiVersion must be stellaops.io/pack.v1; it is stellaops.io/pack.v2."],
  ['another kind', `apiVersion: stellaops.io/pack.v1\nkind: ▸Task\nmetadata: { name: a, version: 1.0.0 }\n${STEPS}`, "PACK_KIND kind must be TaskPack; it is Task."],
  ['no head', `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\n${STEPS}`.replace('api', '▸api'), "PACK_FIELD_MISSING The document must have the field metadata."],
  ['a name in capitals', `${HEAD.replace('name: test', 'name: ▸Test')}${STEPS}`, "PACK_NAME name must be a DNS label; it is Test."],
  ['a version of two parts', `${HEAD.replace('1.0.0', '▸"1.0"')}${STEPS}`, "PACK_VERSION version must be a semantic version; it is 1.0."],
  ['a version that YAML reads as a number', `${HEAD.replace('1.0.0', '▸1.5')}${STEPS}`, "PACK_FIELD_TYPE version must be a semantic version; it is a number."],
  ['a newer runner', `${HEAD.replace('1.0.0', '1.0.0, minRunnerVersion: ▸99.0.0')}${STEPS}`, 'PACK_RUNNER_TOO_OLD The pack requires runner 99.0.0; this is 0.1.0.'],
  ['an unknown visibility', `${HEAD.replace('1.0.0', '1.0.0, tenantVisibility: ▸publik')}${STEPS}`, "PACK_ENUM tenantVisibility must be one of private, public; it is publik."],
  ['a field that is misspelled', `${HEAD.replace('1.0.0', '1.0.0, ▸licence: MIT')}${STEPS}`, "PACK_UNKNOWN_FIELD metadata has no field licence."],
  ['no steps', '▸inputs: []', "PACK_FIELD_MISSING spec must have the field steps."],
  ['an empty list of steps', 'steps: ▸[]', "PACK_FIELD_EMPTY steps must have at least 1 entry."],
  ['an input twice', `inputs: [ { name: x, type: string }, { name: ▸x, type: string } ]\n${ONE}`, "PACK_DUPLICATE_NAME x is already in inputs."],
  ['a type that is none', `inputs: [ { name: x, type: ▸text } ]\n${ONE}`, "PACK_ENUM type must be one of string, number, integer, boolean, array, object, file; it is text."],
  ['a default of another type', `inputs: [ { name: x, type: integer, default: ▸"1" } ]\n${ONE}`, "PACK_INPUT_DEFAULT The default of x is not of type integer."],
  ['a default beside the enum', `inputs: [ { name: x, type: string, enum: [a, b], default: ▸c } ]\n${ONE}`, 'PACK_INPUT_DEFAULT The default of x is not in its enum.'],
  ['an input by the name of every object', `inputs: [ { name: ▸constructor, type: string } ]\n${ONE}`, "PACK_RESERVED_NAME name must not be constructor."],
  ['an input with a space', `inputs: [ { name: ▸"a b", type: string } ]\n${ONE}`, "PACK_IDENTIFIER name must be a name of letters, digits, _ and -; it is a b."],
  ['a scope with a space', `secrets: [ { name: key, scope: ▸"packs run" } ]\n${ONE}`, "PACK_SCOPE scope must be a scope such as packs.approve; it is packs run."],
  ['no approvers', `approvals: [ { id: o, minApprovals: ▸0 } ]\n${ONE}`, "PACK_RANGE minApprovals must be from 1 to 100; it is 0."],
  ['a policy of two sources', `policies: [ ▸{ id: p, engine: cel, source: "true", path: ▸p.cel } ]\n${ONE}`, 'PACK_FIELDS_EXCLUSIVE The policy p has both source and path.', "PACK_FILE_MISSING The pack has no file p.cel."],
  ['a policy of none', `policies: [ ▸{ id: p, engine: cel } ]\n${ONE}`, "PACK_FIELD_MISSING The policy p has neither source nor path."],
  ['a time without a unit', `timeout: ▸30\n${ONE}`, "PACK_DURATION timeout must be a duration longer than zero; it is a number."],
  ['a time in words', `timeout: ▸3 hours\n${ONE}`, "PACK_DURATION timeout must be a duration longer than zero; it is 3 hours."],
  ['no time at all', `timeout: ▸0s\n${ONE}`, "PACK_DURATION timeout must be a duration longer than zero; it is 0s."],
  ['a time of a century', `timeout: ▸36500d\n${ONE}`, "PACK_DURATION timeout must be a duration of at most 3650d; it is 36500d."],
  ['two spellings of one field', `sealedInstall: false\n▸sealed_install: false\n${ONE}`, "PACK_SPELLED_TWICE sealed_install and sealedInstall are the same field."],
  // Steps
  ['no kind', `- ▸{ id: a }`, 'PACK_STEP_KIND steps[0] must have exactly one kind; it has none.'],
  ['two kinds', `- ▸{ id: a, ${NOOP}, group: { steps: [ { id: b, ${NOOP} } ] } }`, 'PACK_STEP_KIND steps[0] must have exactly one kind; it has run and group.'],
  ['an id with a space', `- { id: ▸"a b", ${NOOP} }`, 'PACK_ID id must be an id of lowercase letters, digits, ., _ and -; it is a b.'],
  ['an id twice', `- { id: a, ${NOOP} }\n- { id: ▸a, ${NOOP} }`, 'PACK_DUPLICATE_ID The id a is already used by the step in line 6.'],
  ['needs that are not here', `- { id: scan, ${NOOP} }\n- { id: b, needs: [▸scam], ${NOOP} }`, "PACK_NEEDS_UNKNOWN No step scam is in this list."],
  ['needs in a circle', `- { id: a, needs: ▸[b], ${NOOP} }\n- { id: b, ${NOOP} }`, 'PACK_NEEDS_CYCLE These steps depend on each other: a → b → a.'],
  ['when to run', `- { id: a, runOn: ▸failed, ${NOOP} }`, "PACK_ENUM runOn must be one of success, failure, always; it is failed."],
  ['retries of a group', `- { id: g, ▸retries: {}, group: { steps: [ { id: a, ${NOOP} } ] } }`, 'PACK_FIELD_NOT_ALLOWED Only run steps can have retries; this is a group.'],
  ['a delay that is a text', `- { id: a, retries: { backoffSeconds: ▸5s }, ${NOOP} }`, "PACK_FIELD_TYPE backoffSeconds must be a number of seconds; it is a text."],
  ['a text for a list', `- { id: a, needs: ▸b, ${NOOP} }`, "PACK_FIELD_TYPE needs must be a list; it is a text."],
  ['an executor without its kind', `- { id: a, run: { uses: ▸noop } }`, "PACK_USES uses must be a reference to an executor; it is noop."],
  ['an environment variable in small letters', `- { id: a, ${command(', env: { ▸home: x }')} }`, "PACK_ENV_NAME A name in env must be the name of an environment variable; it is home."],
  ['the runner’s own variable', `- { id: a, ${command(', env: { ▸LD_PRELOAD: x }')} }`, 'PACK_ENV_RESERVED A pack cannot set the environment variable LD_PRELOAD.'],
  ['a secret that is not declared', `secrets: [ { name: token } ]\nsteps: [ { id: a, ${command(', secrets: [▸tokne]')} } ]`, "PACK_UNKNOWN_SECRET The secret tokne is not declared."],
  ['a secret as variable and file', `secrets: [ { name: t } ]\nsteps: [ { id: a, ${command(', secrets: [ ▸{ name: t, env: T, file: t } ]')} } ]`, 'PACK_FIELDS_EXCLUSIVE secrets[0] must be either a variable or a file: env and file are mutually exclusive.'],
  ['a digest that is short', `- { id: a, ${command(', tools: { jq: [▸"sha256:00"] }')} }`, "PACK_DIGEST jq[0] must be a sha256 digest; it is sha256:00."],
  ['an artifact out of the task', `- { id: a, ${command(', artifacts: [ { name: r, path: ▸../r } ]')} }`, "PACK_PATH path must be a relative path; it is ../r."],
  ['an artifact twice', `- { id: a, ${command(', artifacts: [ { name: r, path: x }, { name: ▸r, path: y } ]')} }`, "PACK_DUPLICATE_NAME The step already has an artifact r."],
  ['a script that is not in the pack', `- { id: a, run: { uses: "builtin:script", with: { interpreter: [bash], path: ▸run.sh } } }`, "PACK_FILE_MISSING The pack has no file run.sh."],
  ['a gate with retries', `approvals: [ { id: o } ]\nsteps: [ { id: g, ▸retries: {}, gate: { approval: o } } ]`, "PACK_GATE_FIELD A gate has no retries."],
  ['an approval that is not declared', `approvals: [ { id: owners } ]\nsteps: [ { id: g, gate: { approval: ▸owner } } ]`, "PACK_UNKNOWN_APPROVAL The approval owner is not declared."],
  ['a policy that is not declared', `- { id: g, gate: { policy: ▸p } }`, "PACK_UNKNOWN_POLICY The policy p is not declared."],
  ['a gate of both kinds', `approvals: [ { id: o } ]\npolicies: [ { id: p, engine: cel, source: "true" } ]\nsteps: [ { id: g, gate: ▸{ approval: o, policy: p } } ]`, "PACK_FIELDS_EXCLUSIVE gate must have exactly one of approval and policy."],
  ['a gate of one kind with the name of the other', `policies: [ { id: p, engine: cel, source: "true" } ]\nsteps: [ { id: g, gate: ▸{ approval: { policy: p } } } ]`, "PACK_FIELDS_EXCLUSIVE gate must have exactly one of approval and policy."],
  ['a gate of none', `- { id: g, gate: ▸{} }`, "PACK_FIELD_MISSING gate must have exactly one of approval and policy."],
  ['a message twice', `approvals: [ { id: o } ]\nsteps: [ { id: g, gate: { message: x, approval: { id: o, ▸message: y } } } ]`, 'PACK_SPELLED_TWICE message is set twice: inside the body and next to it.'],
  ['a type without its body', `- { id: a, type: ▸loopy }`, 'PACK_STEP_KIND A type requires the matching body.'],
  ['a type beside the fields of its body', `- { id: a, type: ▸map, items: [1], iterator: x, steps: [ { id: b, ${NOOP} } ] }\n- { id: c, type: ▸run, uses: "builtin:noop", with: {} }\n- { id: d, type: ▸parallel, maxParallel: 2, steps: [ { id: e, ${NOOP} } ] }`, 'PACK_STEP_KIND A type requires the matching body.', 'PACK_STEP_KIND A type requires the matching body.', 'PACK_STEP_KIND A type requires the matching body.'],
  ['a name that already has a meaning, given to an item', `- { id: a, map: { items: [1], iterator: ▸index, steps: [ { id: b, ${NOOP} } ] } }`, 'PACK_RESERVED_NAME index is a reserved name in expressions.'],
  // Loops and maps, as the reader judges them
  ['a loop over nothing', `- { id: l, loop: ▸{ body: [ { id: a, ${NOOP} } ] } }`, 'PACK_FIELD_MISSING loop must have items or until.'],
  ['a loop over two things', `- { id: l, loop: { items: ▸{ expression: x, static: [] }, body: [ { id: a, ${NOOP} } ] } }`, "PACK_FIELDS_EXCLUSIVE items must have exactly one of expression, range and static."],
  ['a range by 0', `- { id: l, loop: { items: { range: { start: 0, end: 1, step: ▸0 } }, body: [ { id: a, ${NOOP} } ] } }`, 'PACK_RANGE The step of a range must not be 0.'],
  ['too many iterations', `- { id: l, loop: { until: true, maxIterations: ▸10001, body: [ { id: a, ${NOOP} } ] } }`, "PACK_RANGE maxIterations must be from 1 to 10000; it is 10001."],
  ['an aggregation that is none', `- { id: l, loop: { until: true, aggregation: ▸first, body: [ { id: a, ${NOOP} } ] } }`, "PACK_ENUM aggregation must be one of collect, last; it is first."],
  ['an iterator with a meaning', `- { id: m, map: { items: [1], iterator: ▸steps, step: { id: a, ${NOOP} } } }`, 'PACK_RESERVED_NAME steps is a reserved name in expressions.'],
  ['one name for item and index', `- { id: m, map: { items: [1], iterator: x, index: ▸x, step: { id: a, ${NOOP} } } }`, "PACK_FIELDS_EXCLUSIVE iterator and index must be different names."],
  ['a map over a number', `- { id: m, map: { items: ▸3, step: { id: a, ${NOOP} } } }`, "PACK_FIELD_TYPE items must be an expression or a list; it is a number."],
  ['a map over a text', `- { id: m, map: { items: ▸"{{ 'x' }}", step: { id: a, ${NOOP} } } }`, "MAP_ITEMS_TYPE Items must be a list; they are a string."],
  ['a map over results without a limit', `- { id: a, run: { uses: "builtin:transform", with: { outputs: { list: [1] } } } }\n- { id: m, map: { items: ▸"{{ steps.a.outputs.list }}", step: { id: b, ${NOOP} } } }`, 'MAP_MAX_ITEMS_MISSING The number of items is known only at run time.'],
  ['more items than allowed', `- { id: m, map: { items: ▸[1, 2, 3], maxItems: 2, step: { id: a, ${NOOP} } } }`, 'MAP_ITEMS_LIMIT There are 3 items; at most 2 are allowed.'],
  // Expressions
  ['an expression that breaks off', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ 1 + ▸}}" } } }`, "EXPR_SYNTAX The expression ends too early."],
  ['an input that is not declared', `inputs: [ { name: region, type: string, default: x } ]\nsteps: [ { id: a, run: { uses: "builtin:noop", with: { x: "{{ inputs.▸regoin }}" } } } ]`, "EXPR_UNKNOWN_NAME There is no field `regoin`."],
  ['a step that is not there', `- { id: scan, ${NOOP} }\n- { id: b, run: { uses: "builtin:noop", with: { x: "{{ ▸steps.scam.outputs }}" } } }`, 'EXPR_UNKNOWN_NAME There is no step scam in this scope.'],
  ['a step that comes later', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸steps.b.outputs }}" } } }\n- { id: b, ${NOOP} }`, "EXPR_STEP_ORDER The step b may not have run yet."],
  ['a condition of a text', `- { id: a, when: ▸"inputs.x", ${NOOP} }`, "EXPR_TYPE when must be true or false; it is a text."],
  ['a condition of a number', `- { id: a, when: ▸"{{ 1 + 1 }}", ${NOOP} }`, "EXPR_TYPE when must be true or false; it is a number."],
  ['a text that is greater', `- { id: a, when: "{{ ▸'a' > 3 }}", ${NOOP} }`, "EXPR_TYPE `>` takes a number, not a string."],
  ['a function that is none', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸lenght('a') }}" } } }`, "EXPR_UNKNOWN_FUNCTION There is no function `lenght`."],
  ['too many arguments', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸length('a', 'b') }}" } } }`, "EXPR_ARGUMENTS `length` takes 1, got 2."],
  ['all steps at once', `- { id: a, run: { uses: "builtin:noop", with: { x: "{{ ▸steps }}" } } }`, 'EXPR_ROOT This reads all steps.'],
  ['a tenant in a condition', `- { id: a, when: "{{ ▸tenant == 'x' }}", ${NOOP} }`, 'EXPR_LATE_BOUND tenant is known only at run time; when cannot read it.'],
  ['an expression in a default', `inputs: [ { name: x, type: string, default: "▸{{ y }}" } ]\n${ONE}`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression in a name', `- { id: a, name: "x ▸{{ inputs.y }}", ${NOOP} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as a time', `timeout: "▸{{ inputs.t }}"\n${ONE}`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as an executor', `- { id: a, run: { uses: "builtin:▸{{ inputs.x }}" } }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as the path of a pack', `- { id: a, run: { uses: "pack:▸{{ inputs.x }}" } }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as an id', `- { id: "a-▸{{ inputs.x }}", ${NOOP} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as one of a set', `- { id: a, runOn: "▸{{ inputs.x }}", ${NOOP} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as a number', `- { id: a, retries: { maxAttempts: "▸{{ inputs.x }}" }, ${NOOP} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as a flag', `- { id: a, continueOnError: "▸{{ inputs.x }}", ${NOOP} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as a list', `- { id: a, needs: "▸{{ inputs.x }}", ${NOOP} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression in the name of a variable', `- { id: a, ${command(', env: { "A▸{{ inputs.x }}": y }')} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression in the path of a file', `- { id: a, ${command(', files: { "▸{{ inputs.x }}": { content: y } }')} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['an expression as the path of an artifact', `- { id: a, ${command(', artifacts: [ { name: r, path: "▸{{ inputs.x }}" } ]')} }`, 'EXPR_NOT_ALLOWED Expressions are not allowed in this field.'],
  ['a secret in a command', `secrets: [ { name: key } ]\nsteps: [ { id: a, run: { uses: "builtin:command", with: { command: [x, "{{ ▸secrets.key }}"] } } } ]`, "SENSITIVE_FLOW an argument cannot read secrets."],
  ['a secret in a condition', `secrets: [ { name: key } ]\nsteps: [ { id: a, when: "{{ ▸secrets.key == 'x' }}", ${NOOP} } ]`, "SENSITIVE_FLOW when cannot read secrets."],
  // Executors, network, gates
  ['an executor that is misspelled', `- { id: a, run: { uses: ▸"builtin:comand", with: {} } }`, "EXECUTOR_UNKNOWN There is no executor builtin:comand."],
  ['an extension that is not here', `- { id: a, run: { uses: ▸"ext:iam@1.0.0" } }`, "EXECUTOR_UNAVAILABLE ext:iam@1.0.0 is not available in this environment."],
  ['a parameter that is missing', `- { id: a, run: { uses: "builtin:command", with: ▸{} } }`, 'EXECUTOR_PARAMETER_MISSING builtin:command requires the parameter command.'],
  ['a parameter that is misspelled', `- { id: a, run: { uses: "builtin:command", with: { command: [x], ▸okExitCode: [0] } } }`, "EXECUTOR_PARAMETER_UNKNOWN builtin:command has no parameter okExitCode."],
  ['a command in one text', `- { id: a, run: { uses: "builtin:command", with: { command: ▸"rm -rf /" } } }`, "EXECUTOR_PARAMETER This must be an array; it is a string."],
  ['an interpreter that is not allowed', `- { id: a, run: { uses: "builtin:script", with: { interpreter: [▸perl], source: x } } }`, 'SCRIPT_INTERPRETER The interpreter perl is not allowed.'],
  ['an image by its tag', `- { id: a, run: { uses: "builtin:container", with: { image: ▸"alpine:3.20", command: [x] } } }`, 'IMAGE_NOT_PINNED The image alpine:3.20 is not identified by digest only.'],
  ['effects that are looser', `- { id: a, effects: ▸pure, ${command()} }`, 'PLAN_EFFECTS_LOOSER builtin:command is idempotent; a step cannot declare it as pure.'],
  ['a schema that is none', `- { id: a, run: { uses: "builtin:validate-schema", with: { target: 1, schema: { type: ▸nothing } } } }`, "SCHEMA_INVALID This is not a schema: must be one of array, boolean, integer, null, number, object, string, or a list of them."],
  ['what is no file', `- { id: a, ${command(', files: { in: ▸text }')} }`, 'FILE_NOT_A_FILE The value at in is not a file.'],
  ['a destination that is no host', `- { id: a, ${command(', egress: [ { url: ▸"ftp://x" } ]')} }`, "EGRESS_URL ftp://x is not the URL of a host."],
  ['a destination beyond the list', `sandbox: { egressAllowlist: ["a.test"] }\nsteps: [ { id: a, ${command(', egress: [ { url: ▸"https://b.test" } ]')} } ]`, "SEALED_EGRESS_DENIED b.test:443 is not on sandbox.egressAllowlist of the pack."],
  ['a URL that is no host', `- { id: a, ${http('▸"gopher://x"')} }`, "EGRESS_URL gopher://x is not the URL of a host."],
  ['a grant that nobody has', `approvals: [ { id: o, grants: [▸packs.aprove] } ]\n${ONE}`, 'GATE_GRANT_UNKNOWN The grant packs.aprove is not configured.'],
  ['an approval that never expires', `approvals: [ { id: o, expiresAfter: ▸300d } ]\n${ONE}`, 'GATE_EXPIRY_TOO_LONG The approval expires after 25920000 s; this environment allows at most 86400 s.'],
  ['a policy of broken syntax', `policies: [ { id: p, engine: cel, source: "1 ▸+" } ]\n${ONE}`, "POLICY_SYNTAX Found + but expecting end of input."],
  ['a policy of another engine', `policies: [ { id: p, engine: ▸opa, source: x } ]\n${ONE}`, "POLICY_ENGINE_UNKNOWN The policy engine `opa` is not available in this build."],
  ['a secret that is not bound', `secrets: [ { name: key } ]\nsteps: [ { id: a, ${command(', secrets: [▸key]')} } ]`, 'SECRET_NOT_GRANTED The secret key is not bound in this environment.'],
  ['a sealed pack in an open place', `sealedInstall: ▸true\n${ONE}`, 'SEALED_INSTALL_REQUIRED The pack runs only in sealed environments; this environment is open.'],
  ['a sealed sandbox in an open place', `sandbox: { mode: ▸sealed }\n${ONE}`, 'SEALED_UNENFORCEABLE The pack requires sealed steps; this environment does not seal steps.'],
  ['an output of another type', `steps: [ { id: a, ${NOOP} } ]\noutputs: [ { name: x, type: integer, value: ▸"{{ steps.a.status }}" } ]`, 'PLAN_OUTPUT_TYPE The output x is declared as integer; its value is a string.'],
  ['a group that is no text', `concurrency: { group: ▸"{{ 1 }}" }\n${ONE}`, 'PLAN_CONCURRENCY_GROUP The group must be a string.'],
  ['a gate that depends on a result', `approvals: [ { id: o } ]\nsteps:\n  - { id: a, run: { uses: "builtin:transform", with: { outputs: { x: true } } } }\n  - { id: g, when: "{{ ▸steps.a.outputs.x }}", gate: { approval: o } }`, 'GATE_WHEN when of a gate cannot read steps.'],
  ['a result that nobody saw', `approvals: [ { id: o } ]\nsteps:\n  - { id: g, needs: [], gate: { approval: o } }\n  - { id: a, needs: [], run: { uses: "builtin:transform", with: { outputs: { x: 1 } } } }\n  - { id: b, needs: [g, a], run: { uses: "builtin:command", with: { command: [x, ▸"{{ steps.a.outputs.x }}"] } } }`, "GATE_UNREVIEWED_INPUT The result of a was not available for the gate g."],
  ['a weak override', `approvals: [ { id: strong, minApprovals: 2 }, { id: weak } ]\npolicies: [ { id: p, engine: cel, source: "true", level: soft-mandatory } ]\nsteps: [ { id: s, gate: { approval: strong } }, { id: g, gate: { policy: p, overrideApproval: ▸weak } } ]`, 'POLICY_OVERRIDE_WEAK weak is less strict than strong.'],
  ['needs in a circle beside others', `- { id: a, needs: ▸[d], ${NOOP} }\n- { id: b, needs: [], ${NOOP} }\n- { id: c, ${NOOP} }\n- { id: d, needs: [c, a], ${NOOP} }`, 'PACK_NEEDS_CYCLE These steps depend on each other: a → d → a.'],
  ['a sensitive input where there are none', `inputs: [ { name: pin, type: string, sensitive: ▸true } ]\n${ONE}`, "INPUT_SENSITIVE_UNAVAILABLE The input pin is sensitive."],
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
