// Access tokens (RFC 9068) of an issuer whose key is ours, and texts that are not such tokens.
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

export const SCOPES = ['packs.read', 'packs.run', 'packs.approve', 'packs.write', 'packs.admin'];
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const KID = 'security';

/** A key pair of an issuer: `privateKey` in PEM, `jwks` for its verifier. */
export function makeIssuer(issuer, audience) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwks = { keys: [{ ...jwk, kid: KID, alg: 'ES256', use: 'sig' }] };
  return { issuer, audience, privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }), jwks };
}

/** Mints tokens of one issuer. */
export class Minter {
  constructor({ issuer, audience, privateKey }) {
    Object.assign(this, { issuer, audience, privateKey });
  }

  claims(tenant, scopes, more = {}) {
    const now = Math.floor(Date.now() / 1_000);
    return {
      ...{ iss: this.issuer, aud: this.audience, sub: `person of ${[tenant].flat().join(' and ')}`, jti: randomUUID() },
      ...{ iat: now, exp: now + 3_600, auth_time: now, client_id: 'security', tenant, scope: scopes.join(' ') },
      ...more,
    };
  }

  /** A valid token. */
  token(tenant, scopes = SCOPES, more = {}) {
    return this.sign(this.claims(tenant, scopes, more));
  }

  sign(claims, header = {}, key = this.privateKey) {
    const text = typeof claims === 'string' ? claims : JSON.stringify(claims);
    const head =
      typeof header === 'string' ? header : JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: KID, ...header });
    const signed = `${encode(head)}.${encode(text)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  /** A token that is bound to one decision, like that of the gate's page. */
  bound(tenant) {
    const now = Math.floor(Date.now() / 1_000);
    const decision = {
      pack_run_id: 'run_01kb3v2m5t8wq4yhn6z0c7d9ef',
      pack_gate_id: 'approve',
      pack_decision: 'approved',
    };
    return this.token(tenant, SCOPES, { ...decision, pack_plan_hash: `sha256:${'0'.repeat(64)}`, exp: now + 200 });
  }

  /** Invalid tokens: name → token. The first few are tried at every route, all of them at one. */
  refused(tenant) {
    const claims = this.claims(tenant, SCOPES);
    const now = claims.iat;
    const changed = (change) => this.sign({ ...claims, ...change });
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const good = this.sign(claims);
    const [head, body, tail] = good.split('.');
    const signature = Buffer.from(tail, 'base64url');
    const unsigned = (header) => `${encode({ typ: 'at+jwt', kid: KID, ...header })}.${body}`;
    const publicPem = createPublicKey(this.privateKey).export({ format: 'pem', type: 'spki' });
    const hmac = (text, key) => `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    const twice = (name, value) =>
      this.sign(JSON.stringify(claims).replace('{', `{${JSON.stringify(name)}:${JSON.stringify(value)},`));
    return {
      malformed: 'abc',
      expired: changed({ exp: now - 60 }),
      'wrong audience': changed({ aud: 'another' }),
      'wrong issuer': changed({ iss: 'https://issuer.example' }),
      'wrong key': this.sign(claims, {}, other),
      'signature of another body': `${head}.${encode({ ...claims, tenant: 'other' })}.${tail}`,
      'alg none': `${unsigned({ alg: 'none' })}.`,
      'alg None': `${unsigned({ alg: 'None' })}.`,
      'alg none with a signature': `${unsigned({ alg: 'none' })}.${tail}`,
      'HS256 with the public key': hmac(unsigned({ alg: 'HS256' }), publicPem),
      'HS256 with the kid': hmac(unsigned({ alg: 'HS256' }), KID),
      'HS256 with nothing': hmac(unsigned({ alg: 'HS256' }), ''),
      'another curve': this.sign(claims, { alg: 'ES384' }),
      'no alg': `${encode({ typ: 'at+jwt', kid: KID })}.${body}.${tail}`,
      'an alg that is no text': this.sign(claims, { alg: ['ES256'] }),
      'typ JWT': this.sign(claims, { typ: 'JWT' }),
      'no typ': this.sign(claims, { typ: undefined }),
      'typ of an ID token': this.sign(claims, { typ: 'id+jwt' }),
      'unknown kid': this.sign(claims, { kid: 'another' }),
      'kid that is a path': this.sign(claims, { kid: '../../etc/passwd' }, other),
      'key in the header': this.sign(claims, { jwk: createPublicKey(other).export({ format: 'jwk' }) }, other),
      'key at a URL': this.sign(claims, { jku: 'http://127.0.0.1:9/jwks', kid: 'there' }, other),
      'certificate in the header': this.sign(claims, { x5c: ['MIIB'], kid: 'there' }, other),
      'critical extension': this.sign(claims, { crit: ['exp'] }),
      'unencoded payload': this.sign(claims, { b64: false }),
      'empty signature': `${head}.${body}.`,
      'no signature': `${head}.${body}`,
      'signature of zeroes': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
      'signature in DER': `${head}.${body}.${sign('sha256', Buffer.from(`${head}.${body}`), this.privateKey).toString('base64url')}`,
      'signature cut short': `${head}.${body}.${signature.subarray(0, 63).toString('base64url')}`,
      'signature with a byte more': `${head}.${body}.${Buffer.concat([signature, Buffer.from([0])]).toString('base64url')}`,
      'four parts': `${good}.${tail}`,
      'five parts': `${head}.${body}.${tail}.${tail}.${tail}`,
      'claims that are a list': this.sign('[]'),
      'claims that are null': this.sign('null'),
      'claims that are no JSON': this.sign('{'),
      'a header that is no JSON': this.sign(claims, '{'),
      'a claim twice': twice('tenant', 'other'),
      'an issuer twice': twice('iss', 'https://issuer.example'),
      'not yet': changed({ nbf: now + 600 }),
      'issued later': changed({ iat: now + 600 }),
      'signed in later': changed({ auth_time: now + 600 }),
      'no end': changed({ exp: undefined }),
      'an end that is a text': changed({ exp: String(now + 600) }),
      'an end that no calendar has': changed({ exp: 1e17 }),
      'no audience': changed({ aud: undefined }),
      'an audience among none': changed({ aud: [] }),
      'an audience that begins alike': changed({ aud: `${this.audience}.example` }),
      'no issuer': changed({ iss: undefined }),
      'an issuer with a slash': changed({ iss: `${this.issuer}/` }),
      'an issuer that is a list': changed({ iss: [this.issuer] }),
      'no subject': changed({ sub: undefined }),
      'an empty subject': changed({ sub: '' }),
      'a subject that is no text': changed({ sub: 7 }),
      'a subject with an invisible character': changed({ sub: 'ada\u200b' }),
      'no tenant': changed({ tenant: undefined }),
      'a tenant that is no name': changed({ tenant: '../acme' }),
      'a tenant that is an object': changed({ tenant: { name: tenant } }),
      'an actor that is no object': changed({ act: 'bot' }),
      'actors without an end': changed({
        act: Array.from({ length: 11 }).reduce((act) => ({ sub: 'bot', act }), undefined),
      }),
      'bound for too long': this.sign({
        ...claims,
        pack_run_id: 'r',
        pack_gate_id: 'g',
        pack_plan_hash: 'p',
        exp: now + 3_600,
      }),
    };
  }
}
