import { failing, SampleBundle } from '../../../testing/sample-bundle';
import { aKey, sealBundle, signed, signedStatement, trustOf } from '../../../testing/sample-signing';
import { digestOf, sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { sigstoreFile } from '../encoding/sigstore';
import { PAYLOAD_TYPE } from '../records/documents';
import { readEvidence } from '../records/evidence-documents';
import { buildStatement } from '../statement/statement';
import type { CheckName } from './check/check';
import type { VerifyRequest } from './check/verification-session';

const signedRun = new SampleBundle();
const { forged, verified } = signedRun;
beforeAll(() => signedRun.start());

describe('who may sign', () => {
  it('refuses each usage in the place of each other', () => {
    const names = ['admission', 'ledger', 'run', 'bundle'] as const;
    const affected = {
      admission: 'admission.signature',
      ledger: 'decisions.signature',
      run: 'statement.shape',
      bundle: 'manifest.signature',
    } as const;
    for (const place of names) {
      for (const other of names) {
        if (place === other) continue;
        const usages = { [place]: signedRun.sample.keys[other].trusted.usages };
        const keys = names.map((name) => ({
          ...signedRun.sample.keys[name].trusted,
          usages: usages[name] ?? signedRun.sample.keys[name].trusted.usages,
        }));
        expect(failing(verified(signedRun.bundle, { trust: { ...signedRun.sample.trust, keys } }))).toContain(
          affected[place],
        );
      }
    }
  });

  const trustCases: readonly [string, object, readonly CheckName[]][] = [
    ['another builder', { builders: ['https://stellaops.io/taskrunner/builders/sealed/v1'] }, ['trust.keys']],
    ['another tenant', { tenants: ['other'] }, ['trust.keys']],
    ['its own tenant', { tenants: ['acme'] }, []],
    [
      'a span that is over',
      { validFor: { start: '2024-01-01T00:00:00Z', end: '2025-06-01T00:00:00Z' } },
      ['trust.keys'],
    ],
    [
      'a span that is to come',
      { validFor: { start: '2026-06-01T00:00:00Z', end: '2027-06-01T00:00:00Z' } },
      ['trust.keys'],
    ],
    ['compromise, even later', { revoked: { at: '2026-06-01T00:00:00Z', reason: 'compromised' } }, ['trust.keys']],
    ['retirement later', { revoked: { at: '2026-06-01T00:00:00Z', reason: 'retired' } }, []],
    ['retirement before', { revoked: { at: '2025-12-01T00:00:00Z', reason: 'retired' } }, ['trust.keys']],
  ];
  it.each(trustCases)('a run key with %s', (_what, change, names) => {
    const keys = signedRun.sample.trust.keys.map((key) =>
      key.usages.includes('run-open') ? { ...key, ...change } : key,
    );
    expect(failing(verified(signedRun.bundle, { trust: { ...signedRun.sample.trust, keys } }))).toEqual(names);
  });

  const requireCases: readonly [string, Partial<VerifyRequest['trust']['require']>, readonly CheckName[]][] = [
    ['sealed mode', { mode: 'sealed' }, ['expectation']],
    ['token proofs', { proof: 'token' }, ['decisions.proof']],
    ['timestamps', { time: 'timestamp' }, ['time.basis']],
    ['checkpoints', { checkpoints: true }, ['checkpoints']],
    ['two approvals', { minApprovals: 2 }, []],
    ['three approvals', { minApprovals: 3 }, ['decisions.people']],
    ['a signed pack', { packSigners: 1 }, ['pack.signers']],
    ['another build', { builds: [sha256('build')] }, ['expectation']],
    ['this build', { builds: [digestOf('zero')] }, []],
    ['two run signatures', { signatures: { run: 2 } }, ['trust.keys']],
  ];
  it.each(requireCases)('a trust file that requires %s', (_what, require, names) => {
    const trust = { ...signedRun.sample.trust, require: { ...signedRun.sample.trust.require, ...require } };
    expect(failing(verified(signedRun.bundle, { trust }))).toEqual(names);
  });

  it('takes a threshold of run keys, counted by key', () => {
    const second = aKey('run-open');
    const statement = buildStatement(readEvidence(signedRun.sample.evidence));
    const withSecond = (key: typeof second): Map<string, Uint8Array> =>
      forged({
        'attestations/pack-run.2.sigstore.json': sigstoreFile(
          signedStatement(key, statement).envelope,
          key.trusted.keyid,
        ),
      });
    const trust = trustOf([...Object.values(signedRun.sample.keys), second], { signatures: { run: 2 } });
    expect(failing(verified(withSecond(second), { trust }))).toEqual([]);
    expect(failing(verified(withSecond(signedRun.sample.keys.run), { trust }))).toEqual(['trust.keys']);
  });

  it('refuses an old, an expired and a future trust file', () => {
    expect(failing(verified(signedRun.bundle, { seenSerial: 4 }))).toEqual(['trust.current']);
    expect(failing(verified(signedRun.bundle, { now: Date.UTC(2028, 0) }))).toEqual(['trust.current']);
    expect(failing(verified(signedRun.bundle, { now: Date.UTC(2024, 0) }))).toEqual(['trust.current']);
    expect(failing(verified(signedRun.bundle, { now: Date.UTC(2026, 6), seenSerial: 3 }))).toEqual([]);
  });

  it.each([
    ['the development Authority', 'dev', 'allowDev', 'allowLocal'],
    ['a local Authority', 'local-authority', 'allowLocal', 'allowDev'],
  ] as const)('takes evidence made under %s only if told to', (noun, name, option, other) => {
    const builder = `https://stellaops.io/taskrunner/builders/${name}/v1`;
    const files = sealBundle({
      ...signedRun.sample,
      evidence: { ...signedRun.sample.evidence, asserted: { ...signedRun.sample.evidence.asserted, builder } },
    });
    const keys = signedRun.sample.trust.keys.map((key) => ({ ...key, builders: [builder] }));
    const trust = { ...signedRun.sample.trust, keys };
    const refused = verified(files, { trust, [other]: true });
    expect(failing(refused)).toEqual(['trust.keys']);
    expect(refused.checks.find(({ ok }) => !ok)?.detail).toContain(`made under ${noun} (--`);
    expect(failing(verified(files, { trust, [option]: true }))).toEqual([]);
  });

  it('refuses a sealed builder of an open run', () => {
    const builder = 'https://stellaops.io/taskrunner/builders/sealed/v1';
    const files = sealBundle({
      ...signedRun.sample,
      evidence: { ...signedRun.sample.evidence, asserted: { ...signedRun.sample.evidence.asserted, builder } },
    });
    const keys = signedRun.sample.trust.keys.map((key) => ({ ...key, builders: [builder] }));
    expect(failing(verified(files, { trust: { ...signedRun.sample.trust, keys } }))).toEqual(['statement.agrees']);
  });
});

describe('what is expected', () => {
  const run = (): string => verified(signedRun.bundle).run ?? '';
  it('compares what is given', () => {
    const plan = sha256(signedRun.sample.evidence.plan);
    const artifact = [...signedRun.sample.evidence.artifacts.keys()][0] as Digest;
    const verification = verified(signedRun.bundle, {
      expect: { run: run(), plan, pack: 'sample:1.2.3', artifact, tenant: 'acme', mode: 'open' },
    });
    expect(failing(verification)).toEqual([]);
    expect(verification.summary).toContain(
      `; equal to what was expected: run ${run()}, plan ${plan}, pack sample:1.2.3, tenant acme, mode open, artifact ${artifact}`,
    );
    expect(verification.summary).not.toContain('as you expected');
  });

  it.each<[string, NonNullable<VerifyRequest['expect']>]>([
    ['run', { run: 'run_01j0000000e008000000000009' }],
    ['plan', { plan: sha256('x') }],
    ['pack', { pack: 'other' }],
    ['artifact', { artifact: sha256('x') }],
    ['tenant', { tenant: 'other' }],
    ['mode', { mode: 'sealed' }],
  ])('refuses another %s', (_what, expect_) => {
    expect(failing(verified(signedRun.bundle, { expect: expect_ }))).toEqual(['expectation']);
  });

  it('holds checkpoints against the place that the statement names', () => {
    const key = aKey('checkpoint');
    const trust = trustOf([...Object.values(signedRun.sample.keys), key], { checkpoints: true });
    const checkpoint = (count: number, head: Json): ReturnType<typeof signed> =>
      signed(key, PAYLOAD_TYPE.checkpoint, {
        schema: 'taskrunner.checkpoint.v1',
        tenant: 'acme',
        count,
        head: digestOf(head),
        at: '2026-01-02T00:00:00.000Z',
      });
    expect(
      failing(verified(signedRun.bundle, { trust, checkpoints: [checkpoint(42, 'audit'), checkpoint(50, 'x')] })),
    ).toEqual([]);
    expect(failing(verified(signedRun.bundle, { trust, checkpoints: [checkpoint(42, 'other')] }))).toEqual([
      'checkpoints',
    ]);
    expect(failing(verified(signedRun.bundle, { trust, checkpoints: [checkpoint(41, 'x')] }))).toEqual(['checkpoints']);
  });
});
