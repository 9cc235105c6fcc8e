import { decodeEnvelope } from '../evidence/encoding/envelope';
import type { VerifySignature } from '../evidence/encoding/open-envelope';
import { PAYLOAD_TYPE } from '../evidence/records/documents';
import { KnownSignatures } from './known-signatures';

/** A key whose signature is its name. */
const key = (spki: string, usage: 'admission' | 'ledger') => ({ algorithm: 'ed25519', spki, usages: [usage] }) as const;

function signedBy(name: string, text = 'a record', payloadType: string = PAYLOAD_TYPE.admission) {
  const signatures = [{ keyid: '', sig: Buffer.from(name).toString('base64') }];
  return decodeEnvelope({ payload: Buffer.from(text).toString('base64'), payloadType, signatures });
}

function signatures() {
  let verified = 0;
  const verifySignature: VerifySignature = (spki, _algorithm, _data, signature) => {
    verified++;
    return Buffer.from(signature).toString() === spki;
  };
  const keys = [key('own', 'admission'), key('ledger', 'ledger'), key('before', 'admission')];
  return { known: new KnownSignatures({ keys, verifySignature }), verified: () => verified };
}

it('knows the key that signs, and those that are listed from before a rotation', () => {
  const { known } = signatures();
  expect(['own', 'before', 'ledger', 'other'].map((name) => known.holds(signedBy(name), 'admission'))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const decision = (name: string) => signedBy(name, 'a record', PAYLOAD_TYPE.decision);
  expect(['own', 'ledger'].map((name) => known.holds(decision(name), 'decision'))).toEqual([false, true]);
});

it('verifies a signature once, and another one of the same record again', () => {
  const { known, verified } = signatures();
  for (let i = 0; i < 3; i++) expect(known.holds(signedBy('own'), 'admission')).toBe(true);
  expect(verified()).toBe(1);
  expect(known.holds(signedBy('nobody'), 'admission')).toBe(false);
  expect(known.holds(signedBy('own', 'another record'), 'admission')).toBe(true);
  expect(verified()).toBe(4);
});

it('refuses a record of another kind', () => {
  const { known } = signatures();
  expect(() => known.holds(signedBy('ledger'), 'decision')).toThrow('payload type');
});
