import { CodedError, type Fault } from '@taskrunner/core';

/** Why an executor refuses a step before it starts, or what it left behind. */
export type ExecutorErrorCode = keyof typeof REMEDIES;

const REMEDIES = {
  WITH_INVALID: 'Write `with` as the executor asks for it.',
  ENV_REFUSED: 'Choose another name: LD_*, *_PROXY and TASKRUNNER_* are not the pack’s to set.',
  FILE_MISSING: 'Correct the path; the pack has no such file.',
  FILE_NOT_A_TAR:
    'Mount one file at a path without a slash at its end; only a tar is unpacked at a key that ends in `/`.',
  FILE_TOO_LARGE: 'Mount less, or raise `sandbox.workspaceMiB`.',
  FILE_PATH_TAKEN: 'Give each file a path of its own.',
  INTERPRETER_NOT_ALLOWED: 'Use one of `sandbox.interpreters` of the configuration, or add it there.',
  TOOL_MISMATCH: 'Install the pinned tool, or pin the one that is installed.',
  SECRET_NOT_GRANTED: 'This release hands out no secrets.',
  CONTAINERS_UNAVAILABLE: 'Configure `container.engine` on every worker of this environment.',
  SCHEMA_UNUSABLE: 'Write a JSON Schema 2020-12 without remote references; patterns in RE2 syntax.',
  SCHEMA_INVALID: 'Correct the target at the named places, or the schema.',
  OUTPUTS_INVALID: 'Write the declared outputs to the file in TASKRUNNER_OUTPUTS.',
} as const;

/** A refusal with its remedy. */
export function refusal(
  code: ExecutorErrorCode,
  message: string,
  options: { readonly faults?: readonly Fault[]; readonly cause?: unknown } = {},
): CodedError<ExecutorErrorCode> {
  const { faults = [], cause } = options;
  return new CodedError(code, message, REMEDIES[code], faults, cause === undefined ? undefined : { cause });
}

/** The `code` of a refusal or of an error of the operating system, such as `ENOENT`; null if it has none. */
export function codeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
