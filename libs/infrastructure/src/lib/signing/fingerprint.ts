import { createHash, type KeyObject } from 'node:crypto';

/**
 * OpenSSH fingerprint of an Ed25519 or P-256 public key: `SHA256:` and the unpadded base64 of sha256 over the key in the SSH wire format
 * (RFC 4253 §6.6, RFC 8709 §4, RFC 5656 §3.1). It is the only form of keyid that cosign, sigstore-go and `@sigstore/verify` all accept.
 */
export function fingerprint(publicKey: KeyObject): string {
  const { crv, x, y } = publicKey.export({ format: 'jwk' });
  const hash = createHash('sha256');
  if (crv === 'Ed25519') hash.update(field(ascii('ssh-ed25519'))).update(field(coordinate(x)));
  else if (crv === 'P-256') {
    const point = Uint8Array.from([4, ...coordinate(x), ...coordinate(y)]);
    hash
      .update(field(ascii('ecdsa-sha2-nistp256')))
      .update(field(ascii('nistp256')))
      .update(field(point));
  } else throw new TypeError('neither an Ed25519 nor a P-256 key');
  return `SHA256:${hash.digest('base64').replaceAll('=', '')}`;
}

function field(content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + content.length);
  new DataView(whole.buffer).setUint32(0, content.length);
  whole.set(content, 4);
  return whole;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const coordinate = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text ?? '', 'base64url'));
