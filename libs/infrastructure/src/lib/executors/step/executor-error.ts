import { CodedError, type Fault } from '@taskrunner/core/foundation';

/** Why an executor refuses a step before it starts, or refuses its results. */
export type ExecutorErrorCode = keyof typeof REMEDIES;

const REMEDIES = {
  WITH_INVALID: 'Correct `with` according to the parameters of the executor.',
  ENV_REFUSED: 'Choose another name. A pack cannot set LD_*, *_PROXY and TASKRUNNER_*.',
  FILE_MISSING: 'Correct the path. The pack has no such file.',
  FILE_NOT_A_TAR:
    'Mount a single file at a path without a trailing slash. Only a tar is unpacked at a key that ends with `/`.',
  FILE_TOO_LARGE: 'Mount less data, or raise `sandbox.workspaceMiB`.',
  FILE_PATH_TAKEN: 'Use a unique path for each file.',
  INTERPRETER_NOT_ALLOWED: 'Use an interpreter of `sandbox.interpreters` in the configuration, or add this one.',
  TOOL_MISMATCH: 'Install the pinned tool, or pin the installed tool.',
  SECRETS_FOLDER: 'Set `secrets.deliveryFolder` to a folder on tmpfs, such as /dev/shm.',
  CONTAINERS_UNAVAILABLE: 'Configure `container.engine` on every worker of this environment.',
  EGRESS_UNAVAILABLE: 'Run the step on a worker with an egress proxy.',
  HTTP_URL_INVALID:
    'Use a plain URL: http or https, without user and dot segments, and percent-encoded. Put values into query.',
  SCHEMA_UNUSABLE: 'Use a JSON Schema 2020-12 without remote references and with patterns in RE2 syntax.',
  SCHEMA_INVALID: 'Correct the target at the listed places, or correct the schema.',
  BUNDLE_TRUST_UNKNOWN: 'Use a root of `artifacts.bundleRoots` in the configuration.',
  BUNDLE_EXPECTATION: 'Get the expected bundle, or correct `with.expect`.',
  BUNDLE_UNSIGNED: 'Get the bundle as signed by its publisher, with manifest.dsse.json.',
  BUNDLE_SIGNATURE_INVALID: 'Get the bundle from its publisher again. If the key has changed, configure the new key.',
  BUNDLE_MANIFEST_INVALID: 'Ask the publisher for a bundle with a manifest of schema taskrunner.bundle.v1.',
  BUNDLE_ENTRY_MISSING: 'Get the bundle again. It is not complete.',
  BUNDLE_ENTRY_EXTRA: 'Get the bundle again. A file was added to it.',
  BUNDLE_ENTRY_DIFFERS: 'Get the bundle again. A file was changed.',
  SEALED_UNENFORCEABLE:
    'Check the log of the worker (sandbox.unavailable). Restore what it lacks, or let another worker take the run.',
  SANDBOX_UNAVAILABLE: 'Check the log of the worker (sandbox.unavailable).',
  OUTPUTS_INVALID:
    'Write one JSON object with the declared outputs, such as {"ok": true}, to the file in TASKRUNNER_OUTPUTS.',
} as const;

/** An error with its remedy. */
export function refusal(
  code: ExecutorErrorCode,
  message: string,
  options: { readonly faults?: readonly Fault[]; readonly cause?: unknown } = {},
): CodedError<ExecutorErrorCode> {
  const { faults = [], cause } = options;
  return new CodedError(code, message, REMEDIES[code], faults, cause === undefined ? undefined : { cause });
}

/** The `code` of an error of this product or of the operating system, such as `ENOENT`; null if there is none. */
export function codeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
