import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { fingerprint } from './fingerprint';
import { readPrivateFile, writePrivateFile } from './private-file';
import { refusal } from './signing-error';

/** An Ed25519 key as read from its file. */
export interface SigningKey {
  /** OpenSSH `SHA256:` fingerprint of the public key. */
  readonly keyid: string;
  readonly privateKey: KeyObject;
  /** SPKI, PEM: what goes into a trust file. */
  readonly publicKeyPem: string;
}

/** Makes a new Ed25519 key and writes it as PKCS #8 PEM, mode 0600. Refuses an existing file: `KEY_FILE_EXISTS`. */
export async function generateKeyFile(path: string): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return described(privateKey);
}

/** Reads an Ed25519 key from PKCS #8 PEM. Refuses a file that others can use (`KEY_FILE_MODE`) or that holds no such key (`KEY_FILE_INVALID`). */
export async function loadKey(path: string): Promise<SigningKey> {
  const pem = await readPrivateFile(path);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // The cause may quote the file: it stays out.
    throw refusal('KEY_FILE_INVALID', `${path} holds no private key in PEM`);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw refusal('KEY_FILE_INVALID', `${path} holds a key of type ${privateKey.asymmetricKeyType}, not ed25519`);
  return described(privateKey);
}

function described(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return {
    keyid: fingerprint(publicKey),
    privateKey,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
