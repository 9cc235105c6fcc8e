// An issuer of tokens that exists only as a key file, as on a machine without network access. The webservice verifies its signatures.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

export const ISSUER = 'https://id.two-pods.example';
export const AUDIENCE = 'taskrunner';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Its public keys (RFC 7517), and tokens of its people. */
export function makeIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const tokenOf = (name, grants = []) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: name,
      name,
      client_id: 'two-pods',
      iat: now,
      auth_time: now,
      exp: now + 3_600,
      jti: randomUUID(),
      tenant: 'acme',
      grants,
      scope: 'packs.read packs.run packs.approve',
    };
    const text = `${encode({ alg: 'ES256', kid, typ: 'at+jwt' })}.${encode(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  return { jwks: { keys: [jwk] }, tokenOf };
}
