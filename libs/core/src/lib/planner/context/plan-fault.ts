import type { ExpressionErrorCode } from '../../expression/expression-fault';
import type { PolicyErrorCode } from '../../policy/policy';

/** Codes of the faults of a pack and its inputs if the manifest itself is valid. */
export type PlanFaultCode = keyof typeof PLAN_REMEDIES | ExpressionErrorCode | PolicyErrorCode;

/** Default remedy by code. A released code never changes meaning. */
export const PLAN_REMEDIES = {
  INPUT_UNKNOWN: 'Remove the input, or correct its name.',
  INPUT_MISSING: 'Set the input.',
  INPUT_TYPE: 'Use a value of that type.',
  INPUT_DEFAULT_INVALID: 'Use a default that the schema of the input accepts.',
  INPUT_ENUM: 'Use one of the values that the pack lists.',
  INPUT_INVALID: 'Use a value that the schema of the input accepts.',
  INPUT_MALFORMED:
    'Use JSON without unpaired surrogates, with numbers within ±9007199254740991 and at most 100 levels.',
  INPUT_TOO_LARGE: 'Keep inputs below 16 MiB. Upload large data, and pass it as a file.',
  INPUT_SENSITIVE_UNAVAILABLE: 'Use a secret. Sensitive inputs are not available in this environment.',
  INPUT_SENSITIVE_DEFAULT: 'Remove the default. The contents of a pack are not secret.',
  INPUT_SENSITIVE_FILE: 'Use a secret. Files are stored unencrypted.',
  INPUT_SENSITIVE_WEAK: 'Use a random value of at least 8 bytes. Other values cannot be redacted from logs.',
  SENSITIVE_INPUT_IN_PACK:
    'Remove the value from the document, or use another value. Evidence contains the document unchanged.',
  SCHEMA_INVALID: 'Use a JSON Schema of draft 2020-12 without external references.',
  SENSITIVE_FLOW:
    'Use sensitive values only in with, env and files of steps whose parameters are not stored in the journal.',
  EXPR_LATE_BOUND:
    'Use inputs and step results in conditions. Values that are known only at run time cannot select steps.',
  EXPR_DOLLAR: 'Write {{ … }} without $. If the text must contain the $, no action is needed.',
  EXPR_IN_SCRIPT: "Pass the value in env or args, such as env: { IMAGE: '{{ inputs.image }}' }.",
  EXPR_STEP_ORDER: 'Read a step that has ended by then, or add it to needs.',
  PLAN_EFFECTS_LOOSER: 'Use the effects class of the executor, or a stricter class.',
  PLAN_FILE_MISSING: 'Add the file to the pack.',
  PLAN_NEEDS_CYCLE: 'Remove one of the needs in the cycle.',
  PLAN_OUTPUT_TYPE: 'Declare the type of the value.',
  PLAN_TOO_MANY_STEPS: 'Use fewer steps, or a map.',
  PLAN_TOO_DEEP: 'Reduce the nesting of steps.',
  PLAN_CONCURRENCY_GROUP: 'Use a group that is a string of inputs.',
  EXECUTOR_UNAVAILABLE: 'Use an executor of this version.',
  EXECUTOR_UNKNOWN: 'Correct the name of the executor.',
  PACK_INNER_APPROVAL:
    'Map each approval of the inner pack to an approval of this pack that is at least as strict: approvals: {inner: outer}.',
  PACK_INNER_CYCLE: 'Remove the cycle. A pack cannot use itself, directly or through other packs.',
  PACK_INNER_DEPTH: 'Nest packs at most five levels deep.',
  PACK_INNER_FIELD: 'Remove the field. It is set by the steps of the inner pack.',
  PACK_INNER_IGNORED: 'To apply it, set it in the pack that is run.',
  PACK_INNER_SECRET: 'Pass the secret: secrets: {inner: outer}.',
  PACK_INNER_TOO_LARGE: 'Use the packs fewer times, for example in a map, or make them smaller.',
  PACK_INNER_UNAVAILABLE:
    'Check the name and the version, or copy the pack into a folder of this pack and use its path.',
  BUNDLE_TRUST_UNKNOWN: 'Use a configured root, or ask the operator to configure this one.',
  EXPORT_DESTINATION_UNKNOWN: 'Use a configured destination, or ask the operator to configure this one.',
  EXPORT_ARTIFACTS_INSEPARABLE: 'Remove `artifacts`. The operator configures which artifacts bundles contain.',
  EXECUTOR_PARAMETER: 'Correct the parameter.',
  EXECUTOR_PARAMETER_UNKNOWN: 'Remove the parameter, or correct its name.',
  EXECUTOR_PARAMETER_MISSING: 'Add the parameter.',
  FILE_KEY_TAKEN: 'Use a unique path for each file. No path can be below another.',
  FILE_NOT_A_FILE: 'Use an artifact, a file input, pack:<path> or {content: …}.',
  IMAGE_NOT_PINNED: 'Use name@sha256:… for the image, with the digest of one platform and without a tag.',
  RETRIES_OVER_CAP: 'Reduce the attempts or the delays, or ask the operator to raise retries.cap.',
  SCRIPT_INTERPRETER: 'Use an interpreter that the operator allows.',
  SECRET_NOT_GRANTED: 'Ask the operator to bind the secret for this pack.',
  SECRET_USE: 'Use {{ secrets.<name> }} without other text.',
  SEALED_INSTALL_REQUIRED: 'Run the pack in a sealed environment.',
  SEALED_UNENFORCEABLE: 'Run the pack in an environment that supports sealed mode.',
  SEALED_EGRESS_DENIED: 'Add the destination to the allowlists of the pack and of the environment.',
  EGRESS_URL: 'Use https://host, https://host:port or http://host.',
  EGRESS_BROAD: 'If you mean one host, use its exact name.',
  GATE_GRANT_UNKNOWN: 'Use a grant that the operator has configured.',
  GATE_EXPIRY_TOO_LONG:
    'Set a shorter expiry for the approval, or ask the operator to raise approvals.floor.maxExpiresAfter.',
  GATE_WHEN: 'Use only inputs and pack. To use results, put the gate into a conditional.',
  GATE_UNREVIEWED_INPUT: 'Make the gate depend on the step, so that the approved result is the one that is read.',
  POLICY_OVERRIDE_WEAK: 'Use an override approval that is at least as strict as the strictest approval of the pack.',
  LOOP_ITEMS_LIMIT: 'Use fewer items, or raise maxIterations.',
  LOOP_RANGE: 'Use integers, and a step other than 0.',
  MAP_ITEMS_LIMIT: 'Use fewer items.',
  MAP_ITEMS_TYPE: 'Use a list.',
  MAP_MAX_ITEMS_MISSING: 'Add maxItems, the maximum number of items.',
  EFFECTS_NOT_STATED: 'Set effects on the step.',
  EFFECTS_UNGATED: 'If people must approve the step, add an approval gate before it.',
} as const;
