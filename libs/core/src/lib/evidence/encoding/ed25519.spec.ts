import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { ED25519_VECTORS, signedOf, spkiOf } from '../../../testing/ed25519-vectors';
import { isStrictEd25519 } from './ed25519';
import { verifySignature } from './signature';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('a signature with Ed25519', () => {
  it.each(ED25519_VECTORS.map((vector) => [vector.what, vector] as const))('%s', (_what, vector) => {
    const { signature, holds } = vector;
    expect(verifySignature(spkiOf(vector), 'ed25519', signedOf(vector), bytes(signature))).toBe(holds);
  });

  it('is refused in cases that OpenSSL accepts, whose answer other implementations do not share', () => {
    const accepted = ED25519_VECTORS.filter((vector) => {
      const key = createPublicKey({ key: Buffer.from(spkiOf(vector), 'base64'), format: 'der', type: 'spki' });
      return !vector.holds && verify(null, signedOf(vector), key, bytes(vector.signature));
    });
    expect(accepted.length).toBeGreaterThanOrEqual(8);
    for (const { key, signature } of accepted) expect(isStrictEd25519(bytes(key), bytes(signature))).toBe(false);
  });

  it('is strict if a key of Node.js made it', () => {
    for (let i = 0; i < 50; i += 1) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
      expect(isStrictEd25519(point, sign(null, Buffer.from([i]), privateKey))).toBe(true);
    }
  });
});
