import { CodedError } from '@taskrunner/core/foundation';

/** Reasons why an engine cannot run a container or determine its result. */
export type ContainerErrorCode = keyof typeof REMEDIES;

const REMEDIES = {
  ENGINE_UNAVAILABLE: 'Install the configured engine, or correct `container` in the configuration of the worker.',
  ENGINE_LOST: 'The engine did not respond in time. Check its log. The run is handed over to another worker.',
  IMAGE_MISSING: 'Load the image into the storage of the engine, or set `container.pull` to missing.',
  IMAGE_MISMATCH:
    'Pin the digest of the manifest for the platform of the engine, not the digest of a multi-platform index.',
  START_FAILED: 'See the message. The attempt can be retried.',
  RESOURCES_EXCEEDED:
    'Request less in `with.resources` or `sandbox`, or raise `container.limits` in the configuration.',
  CONTAINER_SECRETS_UNAVAILABLE: 'Run steps with secrets on the podman engine, or as `builtin:command`.',
  CONTAINER_EGRESS_UNAVAILABLE: 'Run steps with egress on the podman engine, or as `builtin:command`.',
} as const;

export function refusal(code: ContainerErrorCode, message: string, cause?: unknown): CodedError<ContainerErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
