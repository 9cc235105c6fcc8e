import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aKey, signed, type SampleKey } from '../../../testing/sample-signing';
import { parseUtf8 } from './strict-json';
import { decodeEnvelope, preAuthEncoding, type KeyUsage } from './envelope';
import { openEnvelope, type KeyRing } from './open-envelope';
import { algorithmOf, fingerprint, jwkToSpki, rawToDer } from './public-key';
import { verifySignature } from './signature';

const VECTORS = process.env.TASKRUNNER_VECTORS ?? join(__dirname, '../../../../../../../shared/vectors');
const present = existsSync(VECTORS);
if (!present) console.warn(`no test vectors in ${VECTORS}: those tests are skipped`);
const ifVectors = present ? describe : describe.skip;
const vector = (path: string): string => readFileSync(join(VECTORS, path), 'utf8');

const TYPE = 'application/vnd.taskrunner.decision+json';
const ringOf = (...keys: SampleKey[]): KeyRing => ({ keys: keys.map(({ trusted }) => trusted), verifySignature });
const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing was thrown';
};

describe('openEnvelope', () => {
  const [key, other] = [aKey('ledger'), aKey('ledger')];
  const envelope = signed(key, TYPE, { a: 1 });
  const open = (changed: unknown, usage: KeyUsage = 'ledger', type = TYPE): unknown =>
    openEnvelope(changed as never, type, usage, ringOf(other, key));

  it('tries every key with the usage, whatever the keyid says, and returns the bytes it verified', () => {
    for (const keyid of ['', 'SHA256:other', other.trusted.keyid, undefined]) {
      const opened = openEnvelope(
        { ...envelope, signatures: [{ sig: envelope.signatures[0]?.sig, keyid }] } as never,
        TYPE,
        'ledger',
        ringOf(other, key),
      );
      expect(parseUtf8(opened.payload)).toBe('{"a":1}');
      expect(opened.key).toBe(key.trusted);
    }
  });

  it('reads URL-safe base64 and ignores members that DSSE does not know', () => {
    const urlSafe = (text: string): string => Buffer.from(text, 'base64').toString('base64url');
    const changed = {
      payload: urlSafe(envelope.payload),
      payloadType: TYPE,
      signatures: [{ sig: urlSafe(envelope.signatures[0]?.sig ?? ''), keyid: '', more: 1 }],
      more: 2,
    };
    expect(code(() => open(changed))).toBe('nothing was thrown');
  });

  it.each<[string, () => unknown, string]>([
    ['another payload type', () => open(envelope, 'ledger', 'application/vnd.in-toto+json'), 'ENVELOPE_PAYLOAD_TYPE'],
    [
      'a payload type that was changed with it',
      () => open({ ...envelope, payloadType: 'a/b' }, 'ledger', 'a/b'),
      'ENVELOPE_UNTRUSTED',
    ],
    [
      'a payload type outside ASCII',
      () => open({ ...envelope, payloadType: 'é' }, 'ledger', 'é'),
      'ENVELOPE_MALFORMED',
    ],
    [
      'another payload',
      () => open({ ...envelope, payload: Buffer.from('{"a":2}').toString('base64') }),
      'ENVELOPE_UNTRUSTED',
    ],
    ['no signature', () => open({ ...envelope, signatures: [] }), 'ENVELOPE_SIGNATURES'],
    [
      'two signatures',
      () => open({ ...envelope, signatures: [envelope.signatures[0], envelope.signatures[0]] }),
      'ENVELOPE_SIGNATURES',
    ],
    ['another usage', () => open(envelope, 'run-open'), 'ENVELOPE_UNTRUSTED'],
    ['an unknown key', () => openEnvelope(envelope, TYPE, 'ledger', ringOf(other)), 'ENVELOPE_UNTRUSTED'],
    ['base64 of no bytes', () => open({ ...envelope, payload: '%%%' }), 'ENVELOPE_MALFORMED'],
    ['a mixture of both base64', () => open({ ...envelope, payload: '+_+_' }), 'ENVELOPE_MALFORMED'],
    ['spare bits', () => open({ ...envelope, payload: 'eyJhIjoxfR==' }), 'ENVELOPE_MALFORMED'],
    ['something else', () => open(null), 'ENVELOPE_MALFORMED'],
  ])('refuses %s', (_what, act, expected) => expect(code(act)).toBe(expected));

  it('refuses each usage in the place of each other', () => {
    const usages: readonly KeyUsage[] = [
      'admission',
      'ledger',
      'run-open',
      'run-sealed',
      'bundle',
      'checkpoint',
      'pack',
      'summary',
    ];
    const keys = usages.map((usage) => aKey(usage));
    keys.forEach((signer, i) => {
      const own = signed(signer, TYPE, { i });
      for (const usage of usages) {
        const expected = usage === usages[i] ? 'nothing was thrown' : 'ENVELOPE_UNTRUSTED';
        expect(code(() => openEnvelope(own, TYPE, usage, ringOf(...keys)))).toBe(expected);
      }
    });
  });

  it('takes P-256 in DER, not raw', () => {
    const p256 = aKey('ledger', 'ecdsa-p256');
    expect(openEnvelope(signed(p256, TYPE, { a: 1 }), TYPE, 'ledger', ringOf(p256)).key).toBe(p256.trusted);
    expect(p256.trusted.keyid).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});

ifVectors('published vectors', () => {
  it('DSSE: the worked example of protocol.md', () => {
    const protocol = vector('dsse/protocol.md');
    const envelope = JSON.parse(/\{"payload": [\s\S]*?\]\}/.exec(protocol)?.[0] ?? '') as {
      payload: string;
      payloadType: string;
      signatures: { sig: string }[];
    };
    const decoded = decodeEnvelope({ ...envelope });
    expect(parseUtf8(preAuthEncoding(decoded.payloadType, decoded.payload))).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    const number = (name: string): string =>
      Buffer.from(
        BigInt(new RegExp(`${name}: (\\d+)`).exec(protocol)?.[1] ?? 0)
          .toString(16)
          .padStart(64, '0'),
        'hex',
      ).toString('base64url');
    const { spki } = jwkToSpki({ kty: 'EC', crv: 'P-256', x: number('X'), y: number('Y') }) ?? { spki: '' };
    const ring: KeyRing = { keys: [{ spki, algorithm: 'ecdsa-p256', usages: ['ledger'] }], verifySignature };
    expect(code(() => openEnvelope({ ...envelope }, envelope.payloadType, 'ledger', ring))).toBe('ENVELOPE_UNTRUSTED');
    const sig = Buffer.from(rawToDer(decoded.signature) ?? []).toString('base64');
    expect(code(() => openEnvelope({ ...envelope, signatures: [{ sig }] }, envelope.payloadType, 'ledger', ring))).toBe(
      'nothing was thrown',
    );
  });

  it.each(['build', 'test', 'clone'])('in-toto: %s', (name) => {
    const folder = 'in-toto-attestation-verifier';
    const envelope = JSON.parse(vector(`${folder}/test-data/${name}.fe1c6281.json`)) as {
      payload: string;
      payloadType: string;
    };
    const { keyval } = JSON.parse(vector(`${folder}/test-data-raw/key.pub`)) as { keyval: { public: string } };
    const { spki } = jwkToSpki({
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(keyval.public, 'hex').toString('base64url'),
    }) ?? { spki: '' };
    const ring: KeyRing = { keys: [{ spki, algorithm: 'ed25519', usages: ['run-open'] }], verifySignature };
    const opened = openEnvelope({ ...envelope }, 'application/vnd.in-toto+json', 'run-open', ring);
    expect(Buffer.from(opened.payload).toString('base64')).toBe(envelope.payload);
    const altered = { ...envelope, payload: Buffer.from(`${parseUtf8(opened.payload)} `).toString('base64') };
    expect(code(() => openEnvelope(altered as never, 'application/vnd.in-toto+json', 'run-open', ring))).toBe(
      'ENVELOPE_UNTRUSTED',
    );
  });

  it.each([
    ['ed25519', 'ed25519'],
    ['ecdsa-p256', 'ecdsa_secp256r1_sha256'],
  ] as const)('Wycheproof: %s', (algorithm, file) => {
    interface Suite {
      testGroups: { publicKeyDer: string; tests: { tcId: number; msg: string; sig: string; result: string }[] }[];
    }
    const { testGroups } = JSON.parse(vector(`wycheproof/testvectors_v1/${file}_test.json`)) as Suite;
    const wrong = testGroups.flatMap(({ publicKeyDer, tests }) => {
      const spki = Buffer.from(publicKeyDer, 'hex').toString('base64');
      return tests.filter(
        ({ msg, sig, result }) =>
          verifySignature(spki, algorithm, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex')) !== (result === 'valid'),
      );
    });
    expect(wrong.map(({ tcId }) => tcId)).toEqual([]);
  });
});

describe('public keys', () => {
  it.each(['ed25519', 'ecdsa-p256'] as const)('of %s become SPKI as OpenSSL writes it', (algorithm) => {
    const { spki } = aKey('ledger', algorithm).trusted;
    const jwk = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }).export({
      format: 'jwk',
    });
    expect(jwkToSpki(jwk as never)?.spki).toBe(spki);
    expect(algorithmOf(spki)).toBe(algorithm);
  });

  it('have the fingerprint that ssh-keygen prints', () => {
    expect(fingerprint('MCowBQYDK2VwAyEAfU0Of2FTpptiQrUiq77mhf2kQg+INLEIw72uNp71Sfo=')).toBe(
      'SHA256:i7aAYol8F+HExwa1HfaYr1lwlLBporERdcSyn9i+Xwc',
    );
  });

  it('of other kinds are refused', () => {
    expect(code(() => algorithmOf('AAAA'))).toBe('KEY_UNSUPPORTED');
    expect(jwkToSpki({ kty: 'oct', k: 'AAAA' })).toBeNull();
    expect(verifySignature('AAAA', 'ed25519', new Uint8Array(), new Uint8Array(64))).toBe(false);
  });
});
