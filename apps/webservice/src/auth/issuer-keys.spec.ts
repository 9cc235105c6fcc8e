import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { IssuerKeys, KeysUnavailable } from './issuer-keys';
import { headerOf, unverifiedClaimsOf, verifyEddsa } from './verify-eddsa';

const MINUTE = 60_000;
const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();

function world() {
  const state = { now: 0, fetches: 0, kids: ['a'], down: false };
  const keys = new IssuerKeys(
    async () => {
      state.fetches++;
      await Promise.resolve();
      if (state.down) throw new Error('down');
      return state.kids.map((kid) => ({ kid, pem }));
    },
    () => state.now,
  );
  return { state, keys };
}

describe('the keys of an issuer', () => {
  it('are fetched once for many, and for an unknown key at most once a minute', async () => {
    const { state, keys } = world();
    const found = await Promise.all(Array.from({ length: 50 }, () => keys.find('a', 'EdDSA')));
    expect(found.every((key) => key !== null)).toBe(true);
    expect(state.fetches).toBe(1);
    expect(await keys.find('b', 'EdDSA')).toBeNull();
    expect(state.fetches).toBe(1);
    state.now += MINUTE;
    state.kids = ['a', 'b'];
    const both = await Promise.all(Array.from({ length: 50 }, () => keys.find('b', 'EdDSA')));
    expect(both.every((key) => key !== null)).toBe(true);
    expect(state.fetches).toBe(2);
  });

  it('serve for a day while the issuer is away, then nobody gets in', async () => {
    const { state, keys } = world();
    await keys.find('a', 'EdDSA');
    state.down = true;
    state.now += 23 * 60 * MINUTE;
    expect(await keys.find('a', 'EdDSA')).not.toBeNull();
    state.now += 2 * 60 * MINUTE;
    await expect(keys.find('a', 'EdDSA')).rejects.toThrow(KeysUnavailable);
    state.down = false;
    state.now += MINUTE;
    expect(await keys.find('a', 'EdDSA')).not.toBeNull();
  });

  it('that were withdrawn are forgotten', async () => {
    const { state, keys } = world();
    await keys.find('a', 'EdDSA');
    state.kids = ['b'];
    state.now += 11 * MINUTE;
    await keys.find('a', 'EdDSA');
    await new Promise((go) => setImmediate(go));
    expect(await keys.find('a', 'EdDSA')).toBeNull();
  });

  it('need no id where there is one alone', async () => {
    const { state, keys } = world();
    expect(await keys.find(undefined, 'EdDSA')).not.toBeNull();
    state.kids = ['a', 'b'];
    state.now += 11 * MINUTE;
    await keys.find('b', 'EdDSA');
    await new Promise((go) => setImmediate(go));
    expect(await keys.find(undefined, 'EdDSA')).toBeNull();
  });
});

describe('a key', () => {
  const pemOf = ({ publicKey }: { readonly publicKey: KeyObject }): string =>
    publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const ec = (namedCurve: string): string => pemOf(generateKeyPairSync('ec', { namedCurve }));
  const rsa = (modulusLength: number): string => pemOf(generateKeyPairSync('rsa', { modulusLength }));
  const found = async (pems: readonly string[], alg: string, kid: string | undefined = 'a'): Promise<string | null> => {
    const keys = new IssuerKeys(async () => pems.map((one) => ({ kid: 'a', pem: one })));
    const key = await keys.find(kid, alg);
    return key === null ? null : pemOf({ publicKey: key });
  };

  it('is found by the algorithm where several have one id', async () => {
    const [small, large, long, edwards] = [ec('P-256'), ec('P-384'), rsa(2_048), pem];
    const all = [small, large, long, edwards];
    expect(await found(all, 'ES256')).toBe(small);
    expect(await found(all, 'ES384')).toBe(large);
    expect(await found(all, 'ES512')).toBeNull();
    expect(await found(all, 'RS256')).toBe(long);
    expect(await found(all, 'PS512')).toBe(long);
    expect(await found(all, 'EdDSA')).toBe(edwards);
    expect(await found(all, 'EdDSA', undefined)).toBe(edwards);
    expect(await found(all, 'none')).toBeNull();
  });

  it('of RSA with less than 2048 bits is none', async () => {
    expect(await found([rsa(1_024)], 'RS256')).toBeNull();
  });
});

describe('an EdDSA token', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (claims: object, head: object = { alg: 'EdDSA', typ: 'at+jwt' }) => {
    const text = `${part(head)}.${part(claims)}`;
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const options = { algorithms: ['EdDSA'], issuer: 'i', audience: 'a', clockTolerance: 5 };
  const good = { iss: 'i', aud: ['b', 'a'], exp: 100, nbf: 10 };
  const check = (text: string, now = 50, overrides: object = {}) =>
    verifyEddsa(text, publicKey, { ...options, ...overrides }, now * 1_000);

  it('holds within its time, for its audience, of its issuer', () => {
    expect(check(token(good))).toEqual(good);
    expect(check(token(good), 104)).toEqual(good);
  });

  it.each([
    ['expired', token(good), 105, {}],
    ['not yet', token(good), 4, {}],
    ['without exp', token({ ...good, exp: undefined }), 50, {}],
    ['of another issuer', token({ ...good, iss: 'x' }), 50, {}],
    ['for another audience', token({ ...good, aud: 'x' }), 50, {}],
    ['altered', token(good).replace(/\.[^.]+\./, `.${part({ ...good, sub: 'eve' })}.`), 50, {}],
    ['where it is not accepted', token(good), 50, { algorithms: ['ES256'] }],
    ['with a part more', `${token(good)}.x`, 50, {}],
  ])('is refused %s', (_name, text, now, supplied) => expect(() => check(text, now, supplied)).toThrow());

  it('is never verified with another kind of key', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    expect(() => verifyEddsa(token(good), other, options, 50_000)).toThrow();
  });
});

describe('a token that two readers could read differently', () => {
  const tokenOf = (head: string, body: string): string =>
    [head, body, 'x'].map((text) => Buffer.from(text, 'latin1').toString('base64url')).join('.');

  it.each([
    ['{"alg":"ES256"}', '{"sub":"ada","sub":"eve"}'],
    ['{"alg":"ES256"}', '{"act":{"sub":"a","\\u0073ub":"b"}}'],
    ['{"alg":"ES256"}', '{"sub":"\xff"}'],
    ['{"alg":"ES256"}', '{"__proto__":{"sub":"eve"}}'],
  ])('has no claims: %s.%s', (head, body) => {
    expect(headerOf(tokenOf(head, body))).toEqual({ alg: 'ES256' });
    expect(unverifiedClaimsOf(tokenOf(head, body))).toBeNull();
  });

  it('has no header where a parameter stands twice', () => {
    expect(headerOf(tokenOf('{"alg":"ES256","alg":"none"}', '{}'))).toBeNull();
  });
});
