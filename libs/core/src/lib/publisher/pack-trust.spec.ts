import * as fc from 'fast-check';
import { aKey, signed, signedStatement, type SampleKey } from '../../testing/sample-signing';
import { sha256 } from '../canonical/digest';
import { buildPackStatement } from '../evidence/statement/pack-signature';
import { verifySignature } from '../evidence/encoding/signature';
import { sigstoreBundle } from '../evidence/encoding/sigstore';
import type { TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { decidePackTrust, type PackTrustPolicy } from './pack-trust';
import { isVisibleTo } from './visibility';
import { searchedCases } from '../../testing/runs-of-laws';

const ACME = 'acme' as TenantId;
const pack = { name: 'demo', version: '1.4.0', contentDigest: sha256('content') };
const release = aKey('pack');
const security = aKey('pack', 'ecdsa-p256');
const quality = aKey('pack');
const stranger = aKey('pack');
const KEYS = { release, security, quality };

function signature(key: SampleKey, about = pack, hint = key.trusted.keyid): Json {
  return sigstoreBundle(signedStatement(key, buildPackStatement(about, null)).envelope, hint) as unknown as Json;
}

function policy(change: Partial<PackTrustPolicy> = {}): PackTrustPolicy {
  return {
    unsigned: 'refuse',
    keys: Object.entries(KEYS).map(
      ([
        keyRef,
        {
          trusted: { algorithm, spki },
        },
      ]) => ({ keyRef, algorithm, spki }),
    ),
    rules: [{ tenants: ['*'], packs: ['demo'], anyOf: ['release', 'security', 'quality'], threshold: 2 }],
    deny: [],
    minimumVersions: [],
    ...change,
  };
}

function decide(documents: readonly Json[], change: Partial<PackTrustPolicy> = {}, about = pack, tenant = ACME) {
  const { signers, refusal } = decidePackTrust(about, tenant, documents, policy(change), verifySignature);
  return { signers, code: refusal?.code ?? null };
}

const ids = (...keys: readonly SampleKey[]) => keys.map(({ trusted }) => trusted.keyid).sort();

describe('trust in a pack', () => {
  const both = [signature(release), signature(security)];

  it.each<[string, readonly Json[], Partial<PackTrustPolicy>, string | null]>([
    ['enough distinct keys', both, {}, null],
    ['one key too few', [signature(release)], {}, 'PACK_UNTRUSTED'],
    ['one key twice', [signature(release), signature(release)], {}, 'PACK_UNTRUSTED'],
    ['nobody', [], {}, 'PACK_UNSIGNED'],
    ['a stranger', [signature(stranger)], {}, 'PACK_UNTRUSTED'],
    ['a stranger in a known name', [signature(stranger, pack, release.trusted.keyid)], {}, 'PACK_SIGNATURE_INVALID'],
    [
      'a signature of another content',
      [signature(release, { ...pack, contentDigest: sha256('x') })],
      {},
      'PACK_SIGNATURE_INVALID',
    ],
    [
      'a signature of another version',
      [signature(release, { ...pack, version: '1.4.1' })],
      {},
      'PACK_SIGNATURE_INVALID',
    ],
    ['what is no signature', [{ dsseEnvelope: { payload: 1 } }], {}, 'PACK_SIGNATURE_INVALID'],
    ['enough, and one that does not hold', [...both, signature(stranger, pack, quality.trusted.keyid)], {}, null],
    ['enough, on the deny list', both, { deny: [pack.contentDigest] }, 'PACK_UNTRUSTED'],
    ['enough, too old', both, { minimumVersions: [{ pack: 'demo', version: '1.10.0' }] }, 'PACK_UNTRUSTED'],
    ['enough, just new enough', both, { minimumVersions: [{ pack: 'demo', version: '1.4.0-rc.1' }] }, null],
    ['no rule about it', both, { rules: [] }, 'PACK_UNTRUSTED'],
    [
      'a rule for others',
      both,
      { rules: [{ tenants: ['globex'], packs: ['*'], anyOf: ['release'], threshold: 1 }] },
      'PACK_UNTRUSTED',
    ],
    [
      'the second rule',
      [signature(quality)],
      { rules: [...policy().rules, { tenants: ['acme'], packs: ['de*'], anyOf: ['quality'], threshold: 1 }] },
      null,
    ],
    ['nobody, where unsigned ones run', [], { unsigned: 'run' }, null],
    ['one too few, where unsigned ones run', [signature(release)], { unsigned: 'run' }, null],
    [
      'a bad one, where unsigned ones run',
      [signature(stranger, pack, release.trusted.keyid)],
      { unsigned: 'run' },
      'PACK_SIGNATURE_INVALID',
    ],
    ['nobody, denied, where unsigned ones run', [], { unsigned: 'run', deny: [pack.contentDigest] }, 'PACK_UNTRUSTED'],
  ])('%s', (_what, documents, change, code) => expect(decide(documents, change).code).toBe(code));

  it('counts a key once under two names', () => {
    const { keys } = policy();
    const alias = { ...(keys[0] as (typeof keys)[number]), keyRef: 'alias' };
    const rules = [{ tenants: ['*'], packs: ['*'], anyOf: ['release', 'alias'], threshold: 2 }];
    expect(decide([signature(release)], { keys: [...keys, alias], rules }).code).toBe('PACK_UNTRUSTED');
  });

  it('names the known signers, in whatever order they come; others’ statements are nobody’s business', () => {
    const provenance = signed(stranger, 'application/vnd.in-toto+json', {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {},
    }) as unknown as Json;
    const all = [signature(release), signature(security), signature(stranger), provenance];
    for (const documents of [all, [...all].reverse()])
      expect(decide(documents)).toEqual({ signers: ids(release, security), code: null });
    expect(decide([provenance]).code).toBe('PACK_UNSIGNED');
  });

  it('is met exactly if the distinct keys among the signatures are as many as the threshold (property)', () => {
    const names = ['release', 'security', 'quality'] as const;
    const made = new Map(names.map((name) => [name, signature(KEYS[name])]));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names), { maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        (by, threshold) => {
          const rules = [{ tenants: ['*'], packs: ['*'], anyOf: [...names], threshold }];
          const { signers, code } = decide(
            by.map((name) => made.get(name) as Json),
            { rules },
          );
          const distinct = new Set(by);
          expect(signers).toEqual(ids(...[...distinct].map((name) => KEYS[name])));
          expect(code === null).toBe(distinct.size >= threshold);
        },
      ),
      searchedCases(60, 600),
    );
  });
});

describe('whom a pack is shown to', () => {
  it.each([
    ['private', ['acme'], true],
    ['private', ['*'], true],
    ['private', ['globex'], false],
    ['private', [], false],
    ['public', ['globex'], true],
    [['acme'], ['globex'], true],
    [['initech'], ['globex'], false],
    [[], ['globex'], false],
  ] as const)('%j, owned by %j: %s', (visibility, owners, shown) =>
    expect(isVisibleTo(visibility, owners, ACME)).toBe(shown),
  );
});
