import { CodedError } from '@taskrunner/core';

/** Why an engine does not run a container, or cannot say how it ended. */
export type ContainerErrorCode = keyof typeof REMEDIES;

const REMEDIES = {
  ENGINE_UNAVAILABLE: 'Install the configured engine, or correct `container` in the configuration of the worker.',
  ENGINE_LOST: 'The engine did not answer for too long; look into its log. The run is handed over.',
  IMAGE_MISSING: 'Load the image where the engine looks for it, or set `container.pull` to missing.',
  IMAGE_MISMATCH: 'Pin the digest of the manifest for the platform of the engine, not of an index of several.',
  START_FAILED: 'Read the message; the attempt may be tried again.',
  RESOURCES_EXCEEDED:
    'Ask for less in `with.resources` or `sandbox`, or raise `container.limits` in the configuration.',
  CONTAINER_SECRETS_UNAVAILABLE: 'Run steps with secrets on the podman engine, or as `builtin:command`.',
  CONTAINER_EGRESS_UNAVAILABLE: 'Run steps with egress on the podman engine, or as `builtin:command`.',
} as const;

export function refusal(code: ContainerErrorCode, message: string, cause?: unknown): CodedError<ContainerErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
