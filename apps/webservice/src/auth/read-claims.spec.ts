import type { AuthoritySetting, IssuerSetting } from '../configuration';
import { checkBoundLife, readClaims, withinTenant, type Claims } from './read-claims';
import { scopesOf } from './scope-names';

const issuer: IssuerSetting = {
  issuer: 'https://id.test',
  jwksUri: 'https://id.test/jwks',
  jwksFile: null,
  audience: 'taskrunner',
  kind: 'both',
  algorithms: ['ES256'],
};
const names = { tenant: 'tenant', grants: 'grants', name: 'name' };
const claims: Claims = {
  sub: 'ada',
  exp: 2_000,
  tenant: 'acme',
  auth_time: 1_000,
  client_id: 'cli',
  scope: 'packs.read packs.run',
};
const others: readonly IssuerSetting[] = [
  { ...issuer, issuer: 'https://people.test', kind: 'people' },
  { ...issuer, issuer: 'https://clients.test', kind: 'clients' },
];
const read = (change: Claims = {}, of: Partial<IssuerSetting> = {}, more: Partial<AuthoritySetting> = {}) => {
  const own = { ...issuer, ...of };
  const authority = { issuers: [own, ...others], claims: names, ...more };
  return readClaims({ ...claims, ...change }, 'jws', own, authority, 1_000_000);
};

describe('a principal', () => {
  it('is a person who signed in, with issuer and subject as the token has them', () => {
    expect(read().principal).toEqual({
      iss: 'https://id.test',
      sub: 'ada',
      kind: 'person',
      tenant: 'acme',
      name: 'ada',
      scopes: ['packs.read', 'packs.run'],
      grants: [],
      actors: [],
      authTimeMs: 1_000_000,
      acr: null,
    });
    expect(read().expiresAt).toBe(2_000_000);
  });

  it.each<[string, Claims, Partial<IssuerSetting>]>([
    ['without auth_time', { auth_time: undefined }, {}],
    ['with an auth_time that is no number', { auth_time: '1000' }, {}],
    ['of an issuer of clients', {}, { kind: 'clients' }],
    ['whose subject is the client', { client_id: 'ada' }, {}],
    ['of client credentials', { gty: 'client-credentials' }, {}],
  ])('%s is no person', (_name, change, of) => {
    expect(read(change, of).principal).toMatchObject({ kind: 'client', authTimeMs: null });
  });

  it('has everybody who acts in the token as an actor, outermost first', () => {
    const act = { sub: 'bot', act: { sub: 'gateway', iss: 'https://other.test' } };
    expect(read({ act }).principal.actors).toEqual([
      { iss: 'https://id.test', sub: 'bot', kind: 'client' },
      { iss: 'https://other.test', sub: 'gateway', kind: 'client' },
    ]);
  });

  it('has persons among its actors only where issuer or configuration says that they are', () => {
    const kinds = (act: object, more: Partial<AuthoritySetting> = {}) =>
      read({ act }, {}, more).principal.actors.map(({ kind }) => kind);
    expect(kinds({ sub: 'mary', iss: 'https://people.test' })).toEqual(['person']);
    expect(kinds({ sub: 'mary', iss: 'https://clients.test' })).toEqual(['client']);
    expect(kinds({ sub: 'mary', iss: 'https://unknown.test' })).toEqual(['client']);
    expect(kinds({ sub: 'mary' })).toEqual(['client']);
    const mary = { iss: 'https://id.test', sub: 'mary' };
    expect(kinds({ sub: 'mary', act: { sub: 'other' } }, { people: [mary] })).toEqual(['person', 'client']);
    const bot = { iss: 'https://people.test', sub: 'bot' };
    expect(kinds({ ...bot }, { programs: [bot] })).toEqual(['client']);
  });

  it('is no person if its subject is a program that acts for people', () => {
    const programs = [{ iss: 'https://id.test', sub: 'ada' }];
    expect(read({}, {}, { programs }).principal).toMatchObject({ kind: 'client', authTimeMs: null });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'bot'],
    ['a list', [{ sub: 'bot' }]],
    ['without a subject', { client_id: 'bot' }],
    ['with an empty subject', { sub: '' }],
    ['with a subject that is no text', { sub: 7 }],
    ['with an issuer that is no text', { sub: 'bot', iss: null }],
    ['with a subject that no database holds', { sub: 'bot\0' }],
    ['with half a character', { sub: 'bot\ud800' }],
    ['malformed further inside', { sub: 'bot', act: { iss: 'https://id.test' } }],
    [
      'of eleven actors',
      Array.from({ length: 11 }).reduce<object | undefined>((act) => ({ sub: 'bot', ...(act && { act }) }), undefined),
    ],
  ])('is none with an act %s', (_name, act) => {
    expect(() => read({ act })).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
  });

  it.each(['ada\0', '\0', 'ada\udc00'])('is none of the subject %j, which not every store can hold', (sub) => {
    expect(() => read({ sub })).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
    expect(read({ grants: [sub, 'role:a'], name: sub, acr: sub }).principal).toMatchObject({
      ...{ grants: ['role:a'], name: 'ada', acr: null },
    });
  });

  it('has ten actors at most', () => {
    const act = Array.from({ length: 10 }).reduce<object | undefined>(
      (inner) => ({ sub: 'bot', ...(inner && { act: inner }) }),
      undefined,
    );
    expect(read({ act }).principal.actors).toHaveLength(10);
  });

  it.each<[Claims]>([
    [{ sub: '' }],
    [{ exp: undefined }],
    [{ tenant: undefined }],
    [{ tenant: 'No Tenant' }],
    [{ tenant: 7 }],
    [{ exp: 1e308 }],
    [{ exp: -1 }],
    [{ iat: 1_006 }],
    [{ auth_time: 1_006 }],
    [{ sub: 'ada\u200b' }],
    [{ sub: ' ada' }],
    [{ sub: 'ada ' }],
    [{ sub: 'ada\u00a0' }],
    [{ sub: 'ada\u00a0lovelace' }],
    [{ sub: 'ada\u3000lovelace' }],
    [{ sub: 'a'.repeat(256) }],
    [{ act: { sub: 'a'.repeat(256) } }],
    [{ sub: 'ad\u00ada' }],
    [{ sub: '\u202eada' }],
    [{ sub: 'ada\n' }],
    [{ sub: 'ada\u2028' }],
    [{ act: { sub: 'bot\u200b' } }],
  ])('is none with %j', (change) => {
    expect(() => read(change)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
  });
});

describe('a tenant', () => {
  const both = read({ tenant: ['acme', 'globex'] });

  it('is the first of the token, or the one that the request names', () => {
    expect(withinTenant(both, [undefined, undefined]).principal.tenant).toBe('acme');
    expect(withinTenant(both, ['globex', undefined]).principal.tenant).toBe('globex');
    expect(withinTenant(both, ['globex', 'globex']).principal.tenant).toBe('globex');
  });

  it.each([['initech'], [''], ['ACME']])('is never %s', (name) => {
    expect(() => withinTenant(both, [name])).toThrow(expect.objectContaining({ code: 'TENANT_MISMATCH' }));
  });

  it('is never two', () => {
    expect(() => withinTenant(both, ['acme', 'globex'])).toThrow(expect.objectContaining({ code: 'TENANT_MISMATCH' }));
  });
});

describe('a bound token', () => {
  const bound = { jti: 'j', iat: 1_000, pack_run_id: 'run_1', pack_gate_id: 'g', pack_plan_hash: 'sha256:a' };

  it('says what it is bound to', () => {
    expect(read().bound).toBeNull();
    expect(read(bound).bound).toEqual({
      jws: 'jws',
      jti: 'j',
      runId: 'run_1',
      gate: 'g',
      planHash: 'sha256:a',
      gateDigest: null,
      decision: null,
    });
  });

  it('that leaves something out is no token', () => {
    for (const name of ['jti', 'pack_run_id', 'pack_gate_id', 'pack_plan_hash'])
      expect(() => read({ ...bound, [name]: undefined, pack_decision: 'approved' })).toThrow();
    expect(() => read({ authorization_details: [] })).toThrow();
  });

  it('lives five minutes at most', () => {
    expect(() => checkBoundLife({ iat: 1_000, exp: 1_300 })).not.toThrow();
    expect(() => checkBoundLife({ iat: 1_000, exp: 1_301 })).toThrow();
    expect(() => checkBoundLife({ exp: 1_300 })).toThrow();
  });
});

describe('scopes', () => {
  it.each([
    [['packs.read'], ['packs.read']],
    [
      ['Packs.Run', 'Packs.Approve'],
      ['packs.run', 'packs.approve'],
    ],
    [
      ['packs:execute', 'packs:publish'],
      ['packs.run', 'packs.write'],
    ],
    [['taskrunner.operator'], ['packs.read', 'packs.run']],
    [['taskrunner.admin'], ['packs.read', 'packs.run', 'packs.write', 'packs.admin']],
    [['pack-admin'], ['packs.read', 'packs.run', 'packs.write', 'packs.admin']],
    [['pack-approver'], ['packs.read', 'packs.approve']],
    [['packs.everything', 'constructor', '__proto__', ''], []],
    // Another case, a Kelvin sign, a Cyrillic letter, a zero-width space.
    [['PACKS.RUN', 'Packs.run', 'pac\u212as.run', 'p\u0430cks.run', 'packs.run\u200b', 'TaskRunner.Admin'], []],
  ])('of %j are %j', (supplied, scopes) => expect(scopesOf(supplied)).toEqual(scopes));
});
