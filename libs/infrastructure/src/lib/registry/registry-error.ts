import { CodedError } from '@taskrunner/core/foundation';
import type { RegistryErrorCode } from '@taskrunner/core/ports';

const REMEDIES: Record<RegistryErrorCode, string> = {
  PACK_DIGEST_MISMATCH: 'Do not run the pack. Check who can write to the registry, and publish the pack again.',
  PACK_ARTIFACT_INVALID: 'Publish the pack with `taskrunner pack push`.',
  PACK_TOO_LARGE: 'Remove files that the pack does not need, or raise packsRegistry.maxPackBytes.',
  REGISTRY_UNAVAILABLE: 'Try again later. Make sure that the registry is running.',
  REGISTRY_DENIED: 'Correct the credentials of the registry, or request access to it.',
  REGISTRY_REFUSED: 'Configure the host that serves the packs. If another host issues tokens, set tokenRealm.',
  REGISTRY_UNSUPPORTED: 'Use a registry that follows the OCI distribution specification 1.1.',
};

export function refusal(code: RegistryErrorCode, message: string, cause?: unknown): CodedError<RegistryErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
