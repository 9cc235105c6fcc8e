import { generateKeyPairSync } from 'node:crypto';
import { readTrust } from '@taskrunner/core/evidence';
import { trustEntry } from './trust-entry';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const pems = {
  private: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  public: publicKey.export({ type: 'spki', format: 'pem' }) as string,
};

it('a trust file with the entries of key files can be read', () => {
  const entry = trustEntry('run-open.pem', pems.private, 'run-open', new Date('2026-11-29T00:00:00Z'));
  expect(entry).toMatchObject({ algorithm: 'ed25519', keyid: expect.stringMatching(/^SHA256:/) as string });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
  const other = trustEntry('admission.pub.pem', p256 as string, 'admission');
  const trust = {
    ...{ schema: 'taskrunner.trust.v1', id: 'acme', serial: 1 },
    ...{ issued: '2026-11-29T00:00:00Z', expires: '2027-11-29T00:00:00Z' },
    keys: [entry, other],
    ...{ issuers: [], approvers: [], timestampAuthorities: [] },
    require: {
      ...{ mode: 'any', proof: 'service', time: 'asserted', checkpoints: false, minApprovals: 0, packSigners: 0 },
      ...{ carried: true, builds: [], signatures: { run: 1 } },
    },
  };
  expect(readTrust(JSON.stringify(trust)).keys).toHaveLength(2);
  expect(entry.builders).toEqual(['https://stellaops.io/taskrunner/builders/local/v1']);
  expect([other.algorithm, other.builders]).toEqual(['ecdsa-p256', []]);
});

it('the private and the public file have the same entry, which is public', () => {
  const now = new Date(0);
  const entry = trustEntry('a', pems.private, 'admission', now);
  expect(trustEntry('b', pems.public, 'admission', now)).toEqual(entry);
  expect(JSON.stringify(entry)).not.toContain('PRIVATE');
});

it.each([
  ['no key', 'x'],
  [
    'a key that nothing can be signed with',
    generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }),
  ],
])('%s is refused with its path', (_, pem) => {
  expect(() => trustEntry('keys/journal-mac.key', pem as string, 'admission')).toThrow(
    /^keys\/journal-mac\.key is not a key/,
  );
});
