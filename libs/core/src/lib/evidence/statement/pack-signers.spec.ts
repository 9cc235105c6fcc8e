import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, resealed, sealBundle, signedStatement, trustOf, type Sample } from '../../../testing/sample-signing';
import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { buildPackStatement } from './pack-signature';
import { verifySignature } from '../encoding/signature';
import { sigstoreFile } from '../encoding/sigstore';
import type { TrustFile } from '../encoding/trust';
import { verifyRun } from '../verify/verify-run';

const release = aKey('pack');
const security = aKey('pack', 'ecdsa-p256');
let sample: Sample;

beforeAll(async () => {
  sample = await sampleRun({ publishers: [release, security] });
});

/** The result of the check for the bundle with some of its files replaced under a newly signed manifest. */
function check(trust: TrustFile, changes: { readonly [path: string]: Uint8Array | null } = {}) {
  const files = new Map(sealBundle(sample));
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === null) files.delete(path);
    else files.set(path, bytes);
  }
  const sealed = resealed(
    sample.keys.bundle,
    [...files].map(([path, bytes]) => ({ path, bytes })),
  );
  const { checks } = verifyRun({ files: sealed, trust, verifySignature });
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return { failed, signers: checks.find(({ name }) => name === 'pack.signers') };
}

function trusting(keys: readonly (typeof release)[], packSigners: number): TrustFile {
  return trustOf([...Object.values(sample.keys), ...keys], { packSigners });
}

describe('the signers of a pack', () => {
  it('are recomputed where the trust file has their keys', () => {
    const { failed, signers } = check(trusting([release, security], 2));
    expect([failed, signers?.basis]).toEqual([[], 'recomputed']);
    for (const { trusted } of [release, security]) expect(signers?.detail).toContain(trusted.keyid);
  });

  it('are as signed by the admission where it has not, and then count for nothing', () => {
    expect(check(trusting([release], 1)).signers).toMatchObject({ ok: true, basis: 'signed' });
    expect(check(trusting([release], 2)).failed).toEqual(['pack.signers']);
    expect(check(trusting([], 0)).signers).toMatchObject({ ok: true, basis: 'signed' });
    expect(check(trusting([aKey('bundle')], 1)).failed).toEqual(['pack.signers']);
  });

  it('do not count with a key that was revoked, expired, or of another tenant', () => {
    for (const change of [
      { revoked: { at: '2026-06-01T00:00:00Z', reason: 'compromised' as const } },
      { validFor: { start: '2025-01-01T00:00:00Z', end: '2025-02-01T00:00:00Z' } },
      { tenants: ['globex'] },
    ]) {
      const key = { ...release, trusted: { ...release.trusted, ...change } };
      expect(check(trusting([key, security], 0)).failed).toEqual(['pack.signers']);
    }
  });

  it('cannot be taken away, added, doubled or swapped by whoever holds the bundle key', () => {
    const pathOf = (place: number) => `pack/signatures/${place}.sigstore.json`;
    const fileOf = (key: typeof release, content: string, name = 'sample') => {
      const about = { name, version: '1.0.0', contentDigest: content as never };
      return sigstoreFile(signedStatement(key, buildPackStatement(about, null)).envelope, key.trusted.keyid);
    };
    const original = sealBundle(sample);
    const [first, second] = [original.get(pathOf(1)) as Uint8Array, original.get(pathOf(2)) as Uint8Array];
    const stranger = aKey('pack');
    const trust = trusting([release, security], 0);
    const names = [release.trusted.keyid, security.trusted.keyid].sort();
    const firstKey = names[0] === release.trusted.keyid ? release : security;
    const tampered = JSON.parse(new TextDecoder().decode(first)) as {
      dsseEnvelope: { signatures: { sig: string }[] };
    };
    const [signature] = tampered.dsseEnvelope.signatures;
    if (signature)
      signature.sig = Buffer.from(Buffer.from(signature.sig, 'base64').map((b, i) => (i === 9 ? b ^ 1 : b))).toString(
        'base64',
      );
    const attacks: readonly { readonly [path: string]: Uint8Array | null }[] = [
      { [pathOf(2)]: null },
      { [pathOf(1)]: null, [pathOf(2)]: null },
      { [pathOf(3)]: fileOf(stranger, sha256('x')) },
      { [pathOf(2)]: first },
      { [pathOf(3)]: second },
      { [pathOf(1)]: fileOf(firstKey, sha256('another content')) },
      { [pathOf(1)]: Buffer.from(canonical(tampered)) },
    ];
    for (const attack of attacks) expect(check(trust, attack).failed).toContain('pack.signers');
  });
});
