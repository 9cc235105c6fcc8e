import { CodedError, type Fault } from '@taskrunner/core/foundation';

/** Error codes of the sandbox, its supervisor and its collector. */
export type SandboxErrorCode =
  /** The supervisor process ended; its children were killed. */
  | 'SUPERVISOR_LOST'
  /** The deadline passed without a renewal. No child starts before the next one. */
  | 'SUPERVISOR_EXPIRED'
  /** The child or its sandbox could not be set up. The step did not run. */
  | 'START_FAILED'
  /** The sandbox cannot be built on this machine. */
  | 'SANDBOX_UNAVAILABLE'
  /** This path may not be added to the sandbox. */
  | 'SANDBOX_ROOT_REFUSED'
  /** The configured control group cannot limit the memory of steps. */
  | 'SANDBOX_CGROUP_UNUSABLE'
  | 'TOOL_NOT_FOUND'
  /** The tool exists but is not a regular executable file. */
  | 'TOOL_REFUSED'
  /** The path of a file in the workspace is not a plain relative path. */
  | 'FILE_PATH_INVALID'
  | 'ARTIFACT_MISSING'
  /** A link, a FIFO, a device, a hard link, or a path that leaves the workspace. */
  | 'ARTIFACT_REFUSED'
  /** The artifact exceeds a limit on entries, depth or bytes. */
  | 'ARTIFACT_TOO_LARGE'
  | 'COLLECTOR_FAILED'
  /** The outputs file is not a plain file. */
  | 'OUTPUTS_REFUSED'
  /** The outputs file is not one JSON object of at most 1 MiB. */
  | 'OUTPUTS_INVALID';

/** The remedy for each code. */
export const REMEDIES: Record<SandboxErrorCode, string> = {
  SUPERVISOR_LOST: 'The attempt can be retried. If the error persists, check the log of the worker.',
  SUPERVISOR_EXPIRED: 'Wait until the worker has renewed its lease.',
  START_FAILED: 'See the message. The probe of the worker shows what its sandbox supports.',
  SANDBOX_UNAVAILABLE: 'Install bubblewrap 0.8 or later and allow user namespaces, or configure another isolation.',
  SANDBOX_ROOT_REFUSED: 'List the exact path that the steps need, not a folder that contains more.',
  SANDBOX_CGROUP_UNUSABLE:
    'Delegate the control group to the user of the worker, with the memory controller and without processes in it, or unset `sandbox.cgroup`.',
  TOOL_NOT_FOUND: 'Install the tool under /usr, include it in the pack, or add its folder to `sandbox.roots`.',
  TOOL_REFUSED: 'Use a regular, executable file.',
  FILE_PATH_INVALID: 'Use a relative path without `.`, `..` and empty segments.',
  ARTIFACT_MISSING: 'Write the file, correct its path, or declare it `optional`.',
  ARTIFACT_REFUSED: 'Write a regular file, without hard links, inside the workspace.',
  ARTIFACT_TOO_LARGE: 'Write less data, or raise the limit in the configuration.',
  COLLECTOR_FAILED: 'The attempt can be retried.',
  OUTPUTS_REFUSED: 'Write a regular file to the path in TASKRUNNER_OUTPUTS.',
  OUTPUTS_INVALID: 'Write one JSON object of at most 1 MiB, in UTF-8.',
};

export function refusal(
  code: SandboxErrorCode,
  message: string,
  options: { readonly faults?: readonly Fault[]; readonly cause?: unknown } = {},
): CodedError<SandboxErrorCode> {
  const { faults = [], cause } = options;
  return new CodedError(code, message, REMEDIES[code], faults, cause === undefined ? undefined : { cause });
}

/** The `code` of an error of the operating system, such as `ENOENT`. */
export function systemCode(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
