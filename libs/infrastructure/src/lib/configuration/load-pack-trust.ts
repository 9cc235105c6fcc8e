import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CodedError, type Digest } from '@taskrunner/core/foundation';
import type { PackTrustPolicy, PublisherKey } from '@taskrunner/core/publisher';
import type { Configuration } from './configuration';

/** Why the trust policy is not available. */
export type PackTrustErrorCode = 'PACK_KEY_INVALID';

/**
 * The trust policy of an installation. It contains the keys themselves, so that it does not depend on the paths of their files. Rejects
 * with `PACK_KEY_INVALID`.
 */
export async function loadPackTrust(configuration: Configuration): Promise<PackTrustPolicy> {
  const named = configuration.packsRegistry.keys;
  const loaded = named.map(({ keyRef, publicKeyFile }) => loadPublisherKey(keyRef, publicKeyFile));
  return packTrustOf(configuration, await Promise.all(loaded));
}

/** The same with loaded keys. */
export function packTrustOf({ packsRegistry }: Configuration, keys: readonly PublisherKey[]): PackTrustPolicy {
  const { unsigned, rules, deny, minimumVersions } = packsRegistry;
  return {
    unsigned,
    keys,
    rules: rules.map(({ tenants, packs, anyOf, threshold }) => ({ tenants, packs, anyOf, threshold })),
    deny: deny as readonly Digest[],
    minimumVersions: minimumVersions.map(({ pack, version }) => ({ pack, version })),
  };
}

/** A public key, SPKI in PEM: Ed25519 or P-256. Rejects with `PACK_KEY_INVALID`. */
export async function loadPublisherKey(keyRef: string, path: string): Promise<PublisherKey> {
  try {
    const key = createPublicKey(await readFile(path, 'utf8'));
    const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    if (!isP256 && key.asymmetricKeyType !== 'ed25519') throw new TypeError(`of type ${String(key.asymmetricKeyType)}`);
    const spki = key.export({ type: 'spki', format: 'der' }).toString('base64');
    return { keyRef, algorithm: isP256 ? 'ecdsa-p256' : 'ed25519', spki };
  } catch (error) {
    const help = 'Set the path of an Ed25519 or P-256 public key in PEM (`openssl pkey -pubout`).';
    throw new CodedError<PackTrustErrorCode>('PACK_KEY_INVALID', `${path} contains no publisher key`, help, [], {
      cause: error,
    });
  }
}
