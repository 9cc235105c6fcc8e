import { bindingFor, grantsFor, type SecretAsker, type SecretBinding } from './secret-binding';

const binding = (change: Partial<SecretBinding> = {}): SecretBinding => ({
  name: 'deploy',
  provider: 'files',
  ref: 'deploy',
  tenants: ['acme'],
  packs: ['rollout'],
  signedBy: [],
  requireGate: false,
  requireSealed: false,
  rotation: 'refuse',
  ...change,
});
const asker = (change: Partial<SecretAsker> = {}): SecretAsker => ({
  tenant: 'acme',
  pack: { name: 'rollout', version: '1.2.0' },
  signers: ['SHA256:a'],
  sealed: false,
  ...change,
});

describe('who may have a secret', () => {
  it.each<readonly [string, Partial<SecretBinding>, Partial<SecretAsker>, boolean]>([
    ['the pack and tenant of the binding', {}, {}, true],
    ['another tenant', {}, { tenant: 'other' }, false],
    ['any tenant', { tenants: ['*'] }, { tenant: 'other' }, true],
    ['no tenant', { tenants: [] }, {}, false],
    ['a tenant that is not known yet', { tenants: [] }, { tenant: null }, true],
    ['another pack', {}, { pack: { name: 'rollouts', version: '1.2.0' } }, false],
    ['no pack', { packs: [] }, {}, false],
    ['packs by their beginning', { packs: ['roll*'] }, {}, true],
    ['a version', { packs: ['rollout:1.2.0'] }, {}, true],
    ['another version', { packs: ['rollout:1.2'] }, {}, false],
    ['versions by their beginning', { packs: ['rollout:1.*'] }, {}, true],
    ['nobody signed', {}, { signers: [] }, false],
    ['nobody signed, and the binding says so', { signedBy: ['unsigned'] }, { signers: [] }, true],
    ['one of the signers', { signedBy: ['SHA256:b', 'SHA256:a'] }, {}, true],
    ['another signer', { signedBy: ['SHA256:b'] }, {}, false],
    ['only unsigned packs, and this one is signed', { signedBy: ['unsigned'] }, {}, false],
    ['only where steps are sealed', { requireSealed: true }, {}, false],
    ['where steps are sealed', { requireSealed: true }, { sealed: true }, true],
  ])('%s', (_, change, who, expected) => {
    expect(bindingFor([binding(change)], 'deploy', asker(who)) !== null).toBe(expected);
    expect(Object.keys(grantsFor([binding(change)], asker(who)))).toEqual(expected ? ['deploy'] : []);
  });

  it('denies what no binding names', () => {
    expect(bindingFor([], 'deploy', asker())).toBeNull();
    expect(bindingFor([binding()], 'other', asker())).toBeNull();
    expect(grantsFor([binding({ name: '__proto__' })], asker())).toHaveProperty('__proto__');
  });

  it('takes the first binding that admits', () => {
    const bindings = [
      binding({ tenants: ['x'], provider: 'one' }),
      binding({ provider: 'two' }),
      binding({ provider: 'three' }),
    ];
    expect(bindingFor(bindings, 'deploy', asker())?.provider).toBe('two');
    expect(grantsFor(bindings, asker())).toEqual({ deploy: { provider: 'two', requireGate: false } });
  });
});
