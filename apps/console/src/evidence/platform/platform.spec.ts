import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { rawToDer, verifySignature as nodeVerifies } from '@taskrunner/core/evidence';
import { ED25519_VECTORS, signedOf, spkiOf } from '@taskrunner/core/testing';
import { bytesOfBase64, textOfBase64 } from './base64-bytes';
import { areSame, joined } from './bytes';
import { beginSha256, sha256Hex } from './sha256';
import { verifySignature } from './signature';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const spki = (key: ReturnType<typeof generateKeyPairSync>['publicKey']): string =>
  key.export({ format: 'der', type: 'spki' }).toString('base64');

describe('what the browser has in place of Node.js', () => {
  it('computes the same SHA-256', () => {
    for (const data of ['', 'é \ud800 \u{1f600}', randomBytes(1_000), randomBytes(200_000)]) {
      const expected = createHash('sha256').update(data).digest('hex');
      expect(sha256Hex(data)).toBe(expected);
      const running = beginSha256();
      const whole = Buffer.from(data);
      for (let at = 0; at < whole.length; at += 777) running.update(whole.subarray(at, at + 777));
      expect(running.hex()).toBe(expected);
    }
  });

  it('writes and reads the same base64', () => {
    for (const size of [0, 1, 2, 3, 255, 8_191, 8_192, 8_193, 100_000]) {
      const data = randomBytes(size);
      expect(textOfBase64(data)).toBe(data.toString('base64'));
      expect(Buffer.from(bytesOfBase64(data.toString('base64').replaceAll('=', '')))).toEqual(data);
      expect(Buffer.from(bytesOfBase64(data.toString('base64url')))).toEqual(data);
    }
  });

  it('joins and compares bytes', () => {
    const [one, other] = [randomBytes(10), randomBytes(20)];
    expect(Buffer.from(joined([one, other]))).toEqual(Buffer.concat([one, other]));
    expect(joined([one])).toBe(one);
    expect([areSame(one, Uint8Array.from(one)), areSame(one, other), areSame(one, one.subarray(1))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('signatures in the browser', () => {
  it.each(ED25519_VECTORS.map((vector) => [vector.what, vector] as const))('Ed25519: %s', (_what, vector) => {
    const { signature, holds } = vector;
    expect(verifySignature(spkiOf(vector), 'ed25519', signedOf(vector), bytes(signature))).toBe(holds);
  });

  const kinds = [
    ['ed25519', generateKeyPairSync('ed25519'), null],
    ['ecdsa-p256', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }), 'sha256'],
    ['rsa-sha256', generateKeyPairSync('rsa', { modulusLength: 2_048 }), 'sha256'],
    ['rsa-sha256', generateKeyPairSync('rsa', { modulusLength: 3_072, publicExponent: 3 }), 'sha256'],
  ] as const;

  it.each(kinds)('%s: answers like Node.js for honest and altered signatures', (algorithm, keys, hash) => {
    const key = spki(keys.publicKey);
    const same = (data: Uint8Array, signature: Uint8Array, expected?: boolean): void => {
      const answer = verifySignature(key, algorithm, data, signature);
      expect(answer).toBe(nodeVerifies(key, algorithm, data, signature));
      if (expected !== undefined) expect(answer).toBe(expected);
    };
    for (let i = 0; i < 8; i += 1) {
      const data = randomBytes(40 * i);
      const signature = sign(hash, data, keys.privateKey);
      same(data, signature, true);
      same(Buffer.concat([data, Buffer.from([1])]), signature, false);
      for (let at = 0; at < signature.length; at += 7) {
        const altered = Uint8Array.from(signature);
        altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
        same(data, altered, false);
      }
      same(data, signature.subarray(1), false);
      same(data, Buffer.concat([signature, Buffer.from([0])]), false);
      same(data, new Uint8Array(signature.length), false);
      same(data, new Uint8Array(), false);
    }
  });

  it('ecdsa-p256: accepts both values of S and refuses every other spelling, like OpenSSL', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const key = spki(publicKey);
    const data = randomBytes(20);
    const raw = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
    const withS = (value: bigint): Uint8Array =>
      rawToDer(Buffer.concat([raw.subarray(0, 32), bytes(value.toString(16).padStart(64, '0'))])) ?? new Uint8Array();
    const der = withS(s);
    const long = Buffer.concat([Buffer.from([0x30, 0x81, der.length - 2]), der.subarray(2)]);
    for (const [signature, holds] of [
      [der, true],
      [withS(order - s), true],
      [withS(0n), false],
      [withS(order), false],
      [long, false],
    ] as const) {
      expect(nodeVerifies(key, 'ecdsa-p256', data, signature)).toBe(holds);
      expect(verifySignature(key, 'ecdsa-p256', data, signature)).toBe(holds);
    }
  });

  it('are never those of a key of another kind', () => {
    for (const [, keys] of kinds)
      for (const algorithm of ['ed25519', 'ecdsa-p256', 'rsa-sha256'] as const)
        expect(verifySignature(spki(keys.publicKey), algorithm, randomBytes(3), randomBytes(64))).toBe(false);
    expect(verifySignature('no base64!', 'ed25519', randomBytes(3), randomBytes(64))).toBe(false);
  });
});
