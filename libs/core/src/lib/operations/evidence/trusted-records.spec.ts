import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, signed, type Sample } from '../../../testing/sample-signing';
import { decodeEnvelope, type Envelope } from '../../evidence/encoding/envelope';
import { PAYLOAD_TYPE } from '../../evidence/records/documents';
import { verifySignature } from '../../evidence/encoding/signature';
import { trustedRecords } from './trusted-records';

let sample: Sample;
beforeAll(async () => {
  sample = await sampleRun({ regions: 1 });
});

/** A ring, and the number of signatures that were verified under it. */
function counting({ trust: { keys } }: Sample) {
  let verified = 0;
  const ring = {
    keys,
    verifySignature: (...[spki, algorithm, data, signature]: Parameters<typeof verifySignature>) => {
      verified += 1;
      return verifySignature(spki, algorithm, data, signature);
    },
  };
  return { ring, verified: () => verified };
}

it('an admission is verified once for its driver and its seal, which share the keys', () => {
  const { ring, verified } = counting(sample);
  const { admission } = sample.evidence;
  const first = trustedRecords(ring).openAdmission(admission);
  expect(first).toMatchObject({ schema: 'taskrunner.admission.v1' });
  expect(verified()).toBe(1);
  // Read from the database again, with a hint that decides nothing.
  const again: Envelope = { ...admission, signatures: [{ keyid: 'x', sig: admission.signatures[0]?.sig ?? '' }] };
  expect(trustedRecords(ring).openAdmission(again)).toEqual(first);
  expect(verified()).toBe(1);
  expect(trustedRecords(counting(sample).ring).openAdmission(admission)).toEqual(first);
});

it('nothing but an admission that verified is opened without its signature', () => {
  const { ring } = counting(sample);
  const { openAdmission } = trustedRecords(ring);
  const { admission } = sample.evidence;
  const [signature] = admission.signatures;
  const { payload } = decodeEnvelope(admission);
  const foreign = signed(aKey('admission'), PAYLOAD_TYPE.admission, payload);
  const altered: readonly unknown[] = [
    { ...admission, payload: foreign.payload.replace(/^./, 'f') },
    { ...admission, payloadType: PAYLOAD_TYPE.decision },
    { ...admission, signatures: foreign.signatures },
    { ...admission, signatures: [] },
    { ...admission, signatures: [signature, signature] },
    { ...admission, signatures: [null] },
    { ...admission, signatures: { 0: signature, length: 1 } },
    { ...admission, payload: `${admission.payload}\n` },
    foreign,
    { payload: 1, payloadType: 2, signatures: [{ sig: 3 }] },
    // Not one that was taken apart, which has bytes.
    { payload: null, payloadType: PAYLOAD_TYPE.admission, signature: 1, digest: 1 },
    { ...decodeEnvelope(admission), payload: '1' },
    ...[null, 'a document that nobody can read', 7, [], {}],
  ];
  for (let pass = 0; pass < 2; pass++) {
    for (const envelope of altered) expect([envelope, openAdmission(envelope as Envelope)]).toEqual([envelope, null]);
    // Before the first pass nothing had been verified, before the second one the genuine one had.
    expect(openAdmission(admission)).not.toBeNull();
  }
});
