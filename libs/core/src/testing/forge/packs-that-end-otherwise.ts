import { pack } from './pack-text';
import type { Scenario } from './scenario';

// Packs of the corpus whose runs fail, are cancelled, are done again, or stand in each other.

/** Fails behind a gate, with attempts, a cleanup, a step that may fail, and a message. */
export const failed: Scenario = {
  name: 'failed',
  ends: 'failed',
  pack: pack(
    'failed',
    `  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - { id: build, effects: once, run: { uses: builtin:command, with: { command: [build] }, artifacts: [{ name: file, path: out/file }] } }
    - { id: lint, continueOnError: true, run: { uses: builtin:command, with: { command: [lint] } } }
    - { id: ok, gate: { approval: owners, message: "apply" } }
    - { id: apply, retries: { maxAttempts: 2, backoff: 5s, jitter: false }, run: { uses: builtin:command, with: { command: [apply] } } }
    - { id: undo, runOn: failure, needs: [ok, apply], run: { uses: builtin:command, with: { command: [undo, "{{ failed[0] || 'none' }}"] } } }
  failure: { message: "{{ failed }}: {{ steps.apply.error.message }}" }
`,
  ),
  acts: {
    build: { outputs: { n: 1 }, lines: ['built'], artifacts: [{ name: 'file', path: 'out/file', text: 'a file' }] },
    lint: { fails: { code: 'EXIT_2', message: 'untidy', exitCode: 2 } },
    apply: (execution) => ({
      fails: { code: 'EXIT_1', message: `no, for the ${execution}. time`, exitCode: 1 },
      lines: ['trying'],
    }),
    undo: { outputs: {} },
  },
  people: { ok: [{ sub: 'grace' }] },
};

/** The same again from where it failed. */
export const rerun: Scenario = {
  ...failed,
  name: 'rerun',
  ends: 'succeeded',
  again: { of: failed, from: 'failed' },
  acts: { ...failed.acts, apply: { outputs: { applied: true }, lines: ['applied'] } },
  people: { ok: [{ sub: 'linus' }] },
};

/** A pack in a pack, with its own gate, inputs, secret and outputs. Whether the gate applies follows from what a step returned. */
export const inner: Scenario = {
  name: 'inner',
  ends: 'succeeded',
  secrets: { deploy: 'hunter2-hunter2-hunter2' },
  files: {
    'packs/region/pack.yaml': pack(
      'region',
      `  inputs: [ { name: region, type: string, required: true } ]
  secrets: [ { name: key } ]
  approvals: [ { id: mine, minApprovals: 1 } ]
  steps:
    - { id: ok, when: "{{ inputs.region != 'test' }}", gate: { approval: mine, message: "region {{ inputs.region }}" } }
    - { id: apply, run: { uses: builtin:command, with: { command: [apply, "{{ inputs.region }}"] }, secrets: [ { name: key, file: key } ], outputs: { at: { type: string } } } }
  outputs: [ { name: at, type: string, value: "{{ steps.apply.outputs.at }}" } ]
`,
    ),
  },
  pack: pack(
    'inner',
    `  secrets: [ { name: deploy } ]
  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - { id: where, run: { uses: builtin:command, with: { command: [where] }, outputs: { region: { type: string } } } }
    - { id: use, run: { uses: "pack:./packs/region", with: { region: "{{ steps.where.outputs.region }}" }, secrets: { key: deploy }, approvals: { mine: owners } } }
    - { id: tell, run: { uses: builtin:command, with: { command: [tell] } } }
  outputs: [ { name: at, type: string, value: "{{ steps.use.outputs.at }}" } ]
`,
  ),
  acts: { where: { outputs: { region: 'eu' } }, 'use::apply': { outputs: { at: 'eu-1' } } },
  people: { 'use::ok': [{ sub: 'grace' }] },
};

/** Cancelled at its gate, with a cleanup. */
export const cancelled: Scenario = {
  name: 'cancelled',
  ends: 'cancelled',
  pack: pack(
    'cancelled',
    `  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] } } }
    - { id: ok, gate: { approval: owners, message: "apply" } }
    - { id: apply, run: { uses: builtin:command, with: { command: [apply] } } }
    - { id: tidy, runOn: always, needs: [scan], run: { uses: builtin:command, with: { command: [tidy] } } }
`,
  ),
  cancelsAt: 'ok',
};

/** Refused at its gate, withdrawn before. */
export const rejected: Scenario = {
  name: 'rejected',
  ends: 'failed',
  pack: pack(
    'rejected',
    `  approvals: [ { id: owners, minApprovals: 2 } ]
  steps:
    - { id: ok, gate: { approval: owners, message: "apply" } }
    - { id: apply, run: { uses: builtin:command, with: { command: [apply] } } }
`,
  ),
  people: { ok: [{ sub: 'grace' }, { sub: 'grace', decision: 'withdrawn' }, { sub: 'linus', decision: 'rejected' }] },
};

/** A step whose outcome nobody knew, and a person who said what it was; a parallel and a group beside. */
export const attention: Scenario = {
  name: 'attention',
  ends: 'succeeded',
  pack: pack(
    'attention',
    `  steps:
    - { id: pay, effects: once, run: { uses: builtin:command, with: { command: [pay] }, outputs: { receipt: { type: string } } } }
    - id: both
      parallel:
        steps:
          - { id: left, run: { uses: builtin:command, with: { command: [left] } } }
          - { id: right, run: { uses: builtin:command, with: { command: [right] } } }
    - id: seq
      group:
        steps:
          - { id: tell, run: { uses: builtin:command, with: { command: [tell, "{{ steps.pay.outputs.receipt }}"] } } }
`,
  ),
  acts: { pay: (execution) => (execution === 1 ? { isLost: true, lines: ['paying'] } : { outputs: {} }) },
  resolves: { pay: { outcome: 'succeeded', outputs: { receipt: 'PAY-7' } } },
};
