import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { algorithmOf, type KeyUsage, type VerificationKey } from '@taskrunner/core/evidence';

/** Reads public keys from PEM files, for one usage. */
export async function loadPublicKeys(paths: readonly string[], usage: KeyUsage): Promise<readonly VerificationKey[]> {
  return Promise.all(paths.map(async (path) => publicKeyOf(await readFile(path, 'utf8'), usage)));
}

/** A public key from PEM, for one usage. */
export function publicKeyOf(pem: string, usage: KeyUsage): VerificationKey {
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
  return { algorithm: algorithmOf(spki), spki, usages: [usage] };
}
