/** The files of a new pack, by path: the published layout and a scenario test. */
export function scaffold(name: string): Readonly<Record<string, string>> {
  return {
    'pack.yaml': `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata:
  name: ${name}
  version: 0.1.0
  description: Says what it does in one sentence.
spec:
  inputs:
    - name: request
      type: object
      schema: schemas/inputs.schema.json
      description: What is asked for
      default: { target: staging }
  approvals:
    - { id: owners, grants: [packs.approve], minApprovals: 1, expiresAfter: 4h }
  steps:
    - id: prepare
      name: Prepare the change
      run:
        uses: builtin:transform
        with: { outputs: { summary: "Change {{ inputs.request.target }}" } }
    - id: approve
      gate: { approval: owners, message: "{{ steps.prepare.outputs.summary }}?" }
    - id: apply
      name: Apply the change
      effects: idempotent
      run:
        uses: builtin:command
        with: { command: [echo, "{{ inputs.request.target }}"] }
  outputs:
    - { name: summary, type: string, value: "{{ steps.prepare.outputs.summary }}" }
`,
    'schemas/inputs.schema.json': `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["target"],
  "additionalProperties": false,
  "properties": { "target": { "type": "string", "minLength": 1, "description": "What is changed" } }
}
`,
    'docs/usage.md': `# ${name}

    taskrunner test .
    taskrunner plan .
    taskrunner simulate . -i request='{"target":"production"}'
    taskrunner run . -i request='{"target":"production"}'

Without \`-i\` the request is the default that \`pack.yaml\` gives. Write \`required: true\` in its place once callers must say what they ask for.

An owner agrees before anything is changed.
`,
    '.packignore': `# What is not part of the pack: neither hashed nor handed to steps.
.packignore
docs/
tests/
`,
    'tests/basic.yaml': `name: the change is applied when an owner agrees
inputs: { request: { target: staging } }
expect:
  status: succeeded
  nodes: { apply: succeeded }
  approvals: [approve]
  ungatedEffects: []
  outputs: { summary: Change staging }
---
name: nothing is applied when an owner says no
inputs: { request: { target: staging } }
script: { approve: rejected }
expect:
  status: failed
  code: GATE_REJECTED
  nodes: { apply: skipped }
---
name: a target is needed
inputs: { request: {} }
expect: { errors: [INPUT_INVALID] }
`,
  };
}
