import { CodedError, type RegistryErrorCode } from '@taskrunner/core';

const REMEDIES: Record<RegistryErrorCode, string> = {
  PACK_DIGEST_MISMATCH: 'Do not run it. Look who can write to the registry, and publish the pack again.',
  PACK_ARTIFACT_INVALID: 'Publish the pack with `taskrunner pack push`.',
  PACK_TOO_LARGE: 'Leave out what the pack does not need, or raise packsRegistry.maxPackBytes.',
  REGISTRY_UNAVAILABLE: 'Try again later; see that the registry runs.',
  REGISTRY_DENIED: 'Correct the credentials of the registry, or ask for the right to it.',
  REGISTRY_REFUSED: 'Configure the host that serves the packs itself, and tokenRealm where tokens come from elsewhere.',
  REGISTRY_UNSUPPORTED: 'Use a registry that follows the OCI distribution specification 1.1.',
};

export function refusal(code: RegistryErrorCode, message: string, cause?: unknown): CodedError<RegistryErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
