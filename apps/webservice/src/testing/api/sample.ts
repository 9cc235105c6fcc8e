import { join } from 'node:path';
import type { TenantId } from '@taskrunner/core/foundation';
import { TEN_FAULTS, marked, searched } from '@taskrunner/core/testing';

/** Root of the repository. */
export const ROOT = join(__dirname, '../../../../..');
/** The database of the tests. `npm test` provides it in its migrated cluster; otherwise the tests create it. */
export const DATABASE = 'taskrunner';
/** The tenant of most callers. */
export const TENANT = 'acme' as TenantId;
export const MIB = 1024 * 1024;
/** Number of lines that one request searches. A large log has two and a half times as many. */
export const SCAN_LINES = searched(4_000, 40_000);

/** A pack with two gates. */
export const MANIFEST = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: demo, version: 1.0.0 }
spec:
  inputs:
    - { name: image, type: string }
  approvals:
    - { id: prod, grants: [packs.approve, role:sec-lead] }
    - { id: quick, grants: [packs.approve], reasonRequired: true }
  steps:
    - id: scan
      run: { uses: builtin:noop, with: { image: "{{ inputs.image }}" } }
    - id: approve
      gate: { approval: prod, message: "go?" }
    - id: quick
      gate:
        approval: quick
        message: "and?"
        form: { type: object, required: [size], properties: { size: { type: integer } }, additionalProperties: false }
`;

/** A manifest with ten faults, and their positions. */
export const TEN = marked(TEN_FAULTS);

/** The environment in which the webservice plans. `proof`: the proof that decisions need at least. */
export function environment(proof: 'service' | 'token' = 'service') {
  return {
    schema: 'taskrunner.environment.v1' as const,
    machine: 1,
    mode: 'open' as const,
    isolation: 'none/v1',
    limits: {},
    approvals: {
      floor: {
        minApprovals: 1,
        selfApproval: false,
        maxExpiresAfterMs: 86_400_000,
        maxAuthAgeMs: null,
        proof,
      },
    },
    packTrust: {},
    engines: {},
    executors: {},
    extensions: {},
  };
}
