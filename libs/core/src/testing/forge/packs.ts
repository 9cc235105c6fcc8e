import { sha256 } from '../../lib/canonical/digest';
import { pack } from './pack-text';
import { attention, cancelled, failed, inner, rejected, rerun } from './packs-that-end-otherwise';
import type { Scenario } from './scenario';

// Packs of the corpus. Together they have every kind of step, gate, policy and document that evidence knows.

const OUT = 'egress: [{ url: "https://mirror.test" }]';
const MIRROR = { configuration: { egress: [{ scheme: 'https' as const, host: 'mirror.test', port: 443 }] } };

/** Digest of the program that a step is pinned to. */
const SCAN = sha256('/usr/bin/scan');

/** Two approvers, a form whose answer a step reads, what was shown, artifacts, files of the pack, publishers, a message, a verification summary. */
const approval: Scenario = {
  name: 'approval',
  ends: 'succeeded',
  publishers: 2,
  hasSummary: true,
  ...MIRROR,
  inputs: { image: 'nginx' },
  files: { 'README.md': 'A pack.\n', 'scripts/fix.sh': '#!/bin/sh\nexit 0\n' },
  pack: pack(
    'approval',
    `  inputs: [ { name: image, type: string, required: true }, { name: note, type: string } ]
  approvals:
    - { id: owners, grants: [role:sec-lead], minApprovals: 2, reasonRequired: true, maxAuthAge: 1h, expiresAfter: 4h, executeWithin: 5h }
  steps:
    - id: scan
      run:
        uses: builtin:command
        with: { command: [scan, "{{ inputs.image }}"] }
        files: { list.json: { content: list } }
        tools: { scan: ["${SCAN}"] }
        ${OUT}
        outputs: { hits: { type: array } }
        artifacts: [{ name: report, path: out/report.json }]
    - id: approve
      gate:
        approval: owners
        message: "fix {{ inputs.image }}"
        show: { hits: "{{ steps.scan.outputs.hits }}" }
        form: { type: object, required: [window], properties: { window: { type: string } }, additionalProperties: false }
    - id: apply
      run:
        uses: builtin:command
        with: { command: [apply, "{{ inputs.image }}", "{{ steps.approve.outputs.response.window }}"] }
        ${OUT}
        artifacts: [{ name: result, path: out/result.txt }]
  outputs: [ { name: hits, type: array, value: "{{ steps.scan.outputs.hits }}" } ]
  success: { message: "{{ steps.scan.outputs.hits }} fixed in {{ inputs.image }}" }
`,
  ),
  acts: {
    scan: {
      outputs: { hits: ['CVE-1', 'CVE-2'] },
      lines: ['scanning', 'two hits'],
      artifacts: [{ name: 'report', path: 'out/report.json', text: '{"hits":2}' }],
      tools: ['/usr/bin/scan'],
      materials: [{ path: 'in/list.json', text: 'list' }],
      reaches: ['mirror.test', 'evil.test'],
    },
    apply: {
      outputs: { applied: true },
      lines: ['applying'],
      artifacts: [{ name: 'result', path: 'out/result.txt', text: 'done' }],
      tools: ['/usr/bin/apply'],
      reaches: ['mirror.test'],
    },
  },
  people: {
    approve: [
      { sub: 'grace', reason: 'read the list', response: { window: 'tonight' } },
      { sub: 'linus', reason: 'read it too', response: { window: 'tonight' } },
    ],
  },
};

/** A list from a step's outputs, a gate in each item, outputs and label of items. */
const map: Scenario = {
  name: 'map',
  ends: 'succeeded',
  pack: pack(
    'map',
    `  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - { id: list, run: { uses: builtin:command, with: { command: [list] }, outputs: { regions: { type: array } } } }
    - id: rollout
      map:
        items: "{{ steps.list.outputs.regions }}"
        iterator: region
        label: "region {{ region }}"
        maxItems: 5
        outputs: { at: "{{ steps.apply.outputs.at }}" }
        steps:
          - { id: ok, gate: { approval: owners, message: "roll out to {{ region }}" } }
          - { id: apply, run: { uses: builtin:command, with: { command: [apply, "{{ region }}"] }, outputs: { at: { type: string } } } }
    - { id: tell, run: { uses: builtin:transform, with: { outputs: { all: "{{ steps.rollout.outputs }}" } } } }
`,
  ),
  acts: {
    list: { outputs: { regions: ['eu', 'us'] }, lines: ['listed'] },
    'rollout[0]::apply': { outputs: { at: 'eu-1' } },
    'rollout[1]::apply': { outputs: { at: 'us-1' }, lines: ['applied'] },
  },
  people: { 'rollout::ok': [{ sub: 'grace' }] },
};

/** A loop over a range with `until`, `delay` and what the iteration before yielded; snapshots of the run. */
const loop: Scenario = {
  name: 'loop',
  ends: 'succeeded',
  snapshotEntries: 20,
  pack: pack(
    'loop',
    `  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - id: turns
      loop:
        items: { range: { start: 10, end: 0, step: -5 } }
        until: "{{ steps.turn.outputs.state == 'healthy' }}"
        delay: 2s
        outputs: { state: "{{ steps.turn.outputs.state }}" }
        body:
          - { id: ok, gate: { approval: owners, message: "turn {{ item }}" } }
          - { id: turn, run: { uses: builtin:command, with: { command: [turn, "{{ item }}", "{{ previous.state || 'first' }}"] }, outputs: { state: { type: string } } } }
    - { id: rest, run: { uses: builtin:wait, with: { for: 5s } } }
    - { id: check, run: { uses: builtin:command, with: { command: [check] } } }
`,
  ),
  acts: {
    'turns[0]::turn': { outputs: { state: 'sick' } },
    'turns[1]::turn': { outputs: { state: 'healthy' }, lines: ['better'] },
    check: { outputs: {} },
  },
  people: { 'turns::ok': [{ sub: 'grace' }] },
};

/** A gate in a branch that is taken, a gate whose `when` is true, one whose `when` is false, and a step that did not apply. */
const conditional: Scenario = {
  name: 'conditional',
  ends: 'succeeded',
  inputs: { level: 'high', dry: true },
  pack: pack(
    'conditional',
    `  inputs: [ { name: level, type: string, required: true }, { name: dry, type: boolean, default: false } ]
  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - { id: look, run: { uses: builtin:command, with: { command: [look] }, outputs: { open: { type: boolean } } } }
    - id: choice
      conditional:
        branches:
          - when: "{{ inputs.level == 'high' }}"
            steps:
              - { id: high-ok, gate: { approval: owners, message: "it is high" } }
              - { id: high, run: { uses: builtin:command, with: { command: [high] } } }
        else:
          - { id: low, run: { uses: builtin:command, with: { command: [low] } } }
    - { id: outside, when: "{{ inputs.level == 'high' }}", gate: { approval: owners, message: "it is open" } }
    - { id: change, run: { uses: builtin:command, with: { command: [change] } } }
    - { id: wet, when: "{{ not inputs.dry }}", gate: { approval: owners, message: "it is not dry" } }
    - { id: clean, when: "{{ steps.look.outputs.open == false }}", run: { uses: builtin:command, with: { command: [clean] } } }
    - id: route
      conditional:
        branches:
          - { when: "{{ steps.look.outputs.open == true }}", steps: [ { id: front, run: { uses: builtin:command, with: { command: [front] } } } ] }
          - { when: "{{ inputs.dry }}", steps: [ { id: back, run: { uses: builtin:command, with: { command: [back] } } } ] }
    - { id: tell, run: { uses: builtin:command, with: { command: [tell, "{{ steps.front.status }}"] } } }
`,
  ),
  acts: { look: { outputs: { open: true } } },
  people: {
    'high-ok': [{ sub: 'grace' }],
    outside: [{ sub: 'linus' }],
  },
};

/** A soft policy that people override, a hard one, an advisory one that denies, with parameters. */
const policy: Scenario = {
  name: 'policy',
  ends: 'succeeded',
  inputs: { image: 'nginx' },
  pack: pack(
    'policy',
    `  inputs: [ { name: image, type: string, required: true } ]
  approvals: [ { id: leads, grants: [role:sec-lead], minApprovals: 1, maxAuthAge: 1h, reasonRequired: true } ]
  policies:
    - { id: few, engine: cel, level: soft-mandatory, source: "size(steps.scan.outputs.hits) < params.most" }
    - { id: any, engine: cel, level: hard-mandatory, source: "size(steps.scan.outputs.hits) < 10 && inputs.image != 'evil'" }
    - { id: none, engine: cel, level: advisory, source: "size(steps.scan.outputs.hits) == 0" }
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan, "{{ inputs.image }}"] }, outputs: { hits: { type: array } } } }
    - { id: few-hits, gate: { policy: few, with: { most: 1 }, overrideApproval: leads } }
    - { id: any-hits, gate: { policy: any } }
    - { id: no-hits, gate: { policy: none } }
    - { id: apply, run: { uses: builtin:command, with: { command: [apply, "{{ steps.few-hits.outputs.overridden }}"] } } }
`,
  ),
  acts: { scan: { outputs: { hits: ['CVE-1', 'CVE-2'] } } },
  people: { 'few-hits': [{ sub: 'grace', reason: 'known hits' }] },
};

/** Secrets, a sensitive input, what is withheld. */
const secrets: Scenario = {
  name: 'secrets',
  ends: 'succeeded',
  secrets: { deploy: 'hunter2-hunter2-hunter2' },
  sensitive: { pin: '4711-0815-4711' },
  inputs: { pin: '4711-0815-4711', image: 'nginx' },
  withholds: /leaked/,
  pack: pack(
    'secrets',
    `  inputs: [ { name: pin, type: string, sensitive: true, required: true }, { name: image, type: string, required: true } ]
  secrets: [ { name: deploy } ]
  approvals: [ { id: owners, minApprovals: 1 } ]
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] }, artifacts: [{ name: dump, path: out/dump }] } }
    - { id: ok, gate: { approval: owners, message: "deploy {{ inputs.image }}", show: { at: "{{ steps.scan.outputs.at }}" } } }
    - { id: apply, run: { uses: builtin:command, with: { command: [apply], stdin: "{{ inputs.pin }}" }, env: { T: "{{ secrets.deploy }}" }, secrets: [ { name: deploy, env: KEY } ] } }
`,
  ),
  acts: {
    scan: {
      outputs: { at: 'leaked at noon' },
      lines: ['it leaked'],
      artifacts: [{ name: 'dump', path: 'out/dump', text: 'leaked' }],
    },
    apply: { outputs: { ok: true }, lines: ['fine'] },
  },
  people: { ok: [{ sub: 'grace' }] },
};

/** A sealed environment, and the log of what its proxy let out. */
const sealed: Scenario = {
  name: 'sealed',
  ends: 'succeeded',
  hasSummary: true,
  environment: { mode: 'sealed' },
  ...MIRROR,
  files: { 'run.sh': 'exit 0\n' },
  pack: pack(
    'sealed',
    `  sandbox: { mode: sealed }
  sealedInstall: true
  steps:
    - { id: fetch, run: { uses: builtin:script, with: { interpreter: [bash], path: run.sh }, ${OUT} } }
    - { id: build, run: { uses: builtin:command, with: { command: [build, "{{ steps.fetch.outputs.digest }}"] }, artifacts: [{ name: image, path: out/image.tar }] } }
`,
  ),
  acts: {
    fetch: { outputs: { digest: 'abc' }, reaches: ['mirror.test', 'elsewhere.test'], tools: ['/usr/bin/bash'] },
    build: { outputs: {}, artifacts: [{ name: 'image', path: 'out/image.tar', text: 'an image' }], lines: ['built'] },
  },
};

/** Every scenario; the first of a name counts. */
export const SCENARIOS: readonly Scenario[] = [
  approval,
  map,
  loop,
  conditional,
  policy,
  secrets,
  sealed,
  failed,
  rerun,
  inner,
  cancelled,
  rejected,
  attention,
];
