import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { fingerprint } from './fingerprint';
import { readPrivateFile, writePrivateFile } from './private-file';
import { refusal } from './signing-error';

/** Algorithms of key files: Ed25519 by default, P-256 if a device or a policy requires it. */
type KeyAlgorithm = 'ed25519' | 'ecdsa-p256';

/** A key that was read from its file. */
export interface SigningKey {
  /** OpenSSH `SHA256:` fingerprint of the public key. */
  readonly keyid: string;
  readonly algorithm: KeyAlgorithm;
  readonly privateKey: KeyObject;
  /** SPKI, PEM: the form used in a trust file. */
  readonly publicKeyPem: string;
}

/** Creates a key and writes it as PKCS #8 PEM, mode 0600. Refuses an existing file: `KEY_FILE_EXISTS`. */
export async function generateKeyFile(path: string, algorithm: KeyAlgorithm = 'ed25519'): Promise<SigningKey> {
  const { privateKey } =
    algorithm === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writePrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return described(privateKey);
}

/**
 * Reads an Ed25519 or P-256 key from PEM. Throws `KEY_FILE_MODE` for a file that others can use, and `KEY_FILE_INVALID` for a file without
 * such a key.
 */
export async function loadKey(path: string): Promise<SigningKey> {
  const pem = await readPrivateFile(path);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // The cause is left out, because it may quote the file.
    throw refusal('KEY_FILE_INVALID', `${path} contains no private key in PEM`);
  }
  const algorithm = keyAlgorithm(privateKey);
  if (algorithm === null)
    throw refusal(
      'KEY_FILE_INVALID',
      `${path} contains a key of type ${privateKey.asymmetricKeyType}, not ed25519 or P-256`,
    );
  return described(privateKey);
}

function keyAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm | null {
  if (asymmetricKeyType === 'ed25519') return 'ed25519';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ecdsa-p256' : null;
}

function described(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return {
    keyid: fingerprint(publicKey),
    algorithm: keyAlgorithm(privateKey) ?? 'ed25519',
    privateKey,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
