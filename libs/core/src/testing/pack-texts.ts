import type { Pack } from '../lib/pack/model/pack';
import { NO_FILES, type PackFiles } from '../lib/pack/pack-files';
import { readPack } from '../lib/pack/read-pack';

// Texts of packs: one in canonical spelling, and the same in published spellings.

export const HEAD = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: demo, version: 1.0.0 }
`;

/** The pack of a text; throws its faults. */
export function readText(text: string, files: PackFiles = NO_FILES): Pack {
  const reading = readPack(text, files);
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults, null, 1));
  return reading.pack;
}

export function filesOf(contents: Readonly<Record<string, string>>): PackFiles {
  return {
    paths: () => Object.keys(contents),
    read: (path) => (Object.hasOwn(contents, path) ? new TextEncoder().encode(contents[path]) : null),
    executable: (path) => path.startsWith('bin/'),
  };
}

export const NOOP = 'run: { uses: "builtin:noop" }';

export const CANONICAL = `${HEAD}spec:
  sealedInstall: true
  approvals: [ { id: o, grants: [packs.approve], expiresAfter: 4h } ]
  policies: [ { id: p, engine: cel, source: "true" } ]
  secrets: [ { name: t, scope: packs.run } ]
  failure: { retries: { maxAttempts: 2, backoff: 5s, factor: 1, jitter: false, continueOnError: true } }
  steps:
    - { id: a, gate: { approval: o, message: hi } }
    - { id: b, gate: { policy: p, with: { x: 1 } } }
    - { id: c, sealedInstall: true, loop: { items: { range: { start: 1, end: 3 } }, body: [ { id: x, ${NOOP} } ], continueOnError: true } }
    - { id: d, conditional: { branches: [ { when: "{{ inputs.x }}", steps: [ { id: y, ${NOOP} } ] } ], else: [ { id: z, ${NOOP} } ] } }
    - { id: e, retries: { maxAttempts: 3, backoff: 10s, factor: 1, jitter: false }, run: { uses: "builtin:command", with: { command: [a] } } }
    - { id: f, map: { items: [1], steps: [ { id: w, ${NOOP} } ] } }
`;
export const PUBLISHED = `spec:
  sealed_install: true
  failure: { retries: { backoffSeconds: 5, maxAttempts: 2, continueOnError: true } }
  policies: [ { engine: cel, id: p, source: "true", level: hard-mandatory } ]
  secrets: [ { name: t, scope: Packs.Run } ]
  approvals: [ { id: o, minApprovals: 1, grants: ["Packs.Approve"], expiresAfter: PT4H } ]
  steps:
    - { id: a, type: gate.approval, approval: o, message: hi }
    - id: b
      gate.policy: { policy: p, parameters: { x: 1 } }
    - { id: c, type: loop, sealed_install: true, items: { range: { start: 1, end: 3, step: 1 } }, continueOnError: true, body: [ { id: x, ${NOOP} } ] }
    - { id: d, type: conditional, when: "{{ inputs.x }}", then: [ { id: y, ${NOOP} } ], else: [ { id: z, ${NOOP} } ] }
    - { id: e, retries: { maxAttempts: 3, backoffSeconds: 10 }, run: { uses: "builtin:cli-command", with: { command: [a] } } }
    - { id: f, map: { items: [1], step: { id: w, ${NOOP} } } }
metadata: { version: 1.0.0, name: demo, tenantVisibility: private }
kind: TaskPack
apiVersion: stellaops.io/pack.v1
`;
