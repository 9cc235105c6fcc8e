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
  SECRETS_FOLDER: 'Let `secrets.deliveryFolder` name a folder on tmpfs, such as /dev/shm.',
  CONTAINERS_UNAVAILABLE: 'Configure `container.engine` on every worker of this environment.',
  EGRESS_UNAVAILABLE: 'Run the step on a worker with an egress proxy.',
  HTTP_URL_INVALID:
    'Write a plain URL: http or https, no user, no dot segments, everything else percent-encoded; values belong into query.',
  SCHEMA_UNUSABLE: 'Write a JSON Schema 2020-12 without remote references; patterns in RE2 syntax.',
  SCHEMA_INVALID: 'Correct the target at the named places, or the schema.',
  BUNDLE_TRUST_UNKNOWN: 'Name a root of `artifacts.bundleRoots` in the configuration.',
  BUNDLE_EXPECTATION: 'Get the bundle that is expected, or correct `with.expect`.',
  BUNDLE_UNSIGNED: 'Get the bundle as its publisher signed it, with manifest.dsse.json.',
  BUNDLE_SIGNATURE_INVALID: 'Get the bundle from its publisher again; if the key has changed, configure the new one.',
  BUNDLE_MANIFEST_INVALID: 'Ask the publisher for a bundle with a manifest of schema taskrunner.bundle.v1.',
  BUNDLE_ENTRY_MISSING: 'Get the bundle again: it is not complete.',
  BUNDLE_ENTRY_EXTRA: 'Get the bundle again: something was added to it.',
  BUNDLE_ENTRY_DIFFERS: 'Get the bundle again: a file was changed.',
  SEALED_UNENFORCEABLE:
    'Look into the log of the worker (sandbox.unavailable): what it lacks must come back, or another worker take the run.',
  SANDBOX_UNAVAILABLE: 'Look into the log of the worker (sandbox.unavailable).',
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
