/** One manifest with ten different faults, of the document and of the pack; a `▸` stands where a person would point at each. */
export const TEN_FAULTS = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata:
  name: ▸Ten_Faults
  version: 1.0.0
  ▸licence: MIT
spec:
  timeout: ▸3 hours
  approvals: [ { id: owners, minApprovals: ▸0 } ]
  secrets: [ { name: token } ]
  steps:
    - id: scan
      name: ▸!!str the scan
      run: { uses: "builtin:noop", env: { ▸LD_PRELOAD: x } }
    - id: ▸scan
      run: { uses: ▸shell, secrets: [▸tokne] }
    - id: agree
      gate: { approval: ▸owner }
`;

/** Its faults, in order. */
export const TEN_CODES = [
  'PACK_NAME',
  'PACK_UNKNOWN_FIELD',
  'PACK_DURATION',
  'PACK_RANGE',
  'DOC_TAG',
  'PACK_ENV_RESERVED',
  'PACK_DUPLICATE_ID',
  'PACK_USES',
  'PACK_UNKNOWN_SECRET',
  'PACK_UNKNOWN_APPROVAL',
] as const;
