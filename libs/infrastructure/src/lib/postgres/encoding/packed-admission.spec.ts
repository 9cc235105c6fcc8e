import * as fc from 'fast-check';
import { canonical, sha256 } from '@taskrunner/core/canonical';
import { sealEnvelope } from '@taskrunner/core/evidence';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Json, RunId } from '@taskrunner/core/foundation';
import { anAdmission } from '@taskrunner/core/testing';
import { MOST_CHARACTERS, packedAdmission, unpackedAdmission, type AdmittedRow } from './packed-admission';

const TYPE = 'application/vnd.taskrunner.admission+json';
const row: AdmittedRow = {
  runId: 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId,
  planHash: sha256('plan'),
  profileDigest: sha256('profile'),
  contentDigest: sha256('content'),
  sourceDigest: sha256('source'),
};
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const keyIds = bytes(32).map((key) => `SHA256:${Buffer.from(key).toString('base64').slice(0, 43)}`);
const sealed = (payload: string | Uint8Array, keyid: string, signature: Uint8Array) =>
  sealEnvelope(TYPE, Buffer.from(payload), signature, keyid);

it('is unpacked as it was, whatever the record says', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...Object.values(row), 'sha256:', '$&', '\u0001'),
  );
  const records = fc.dictionary(
    texts,
    fc.oneof(
      texts,
      fc.json().map((text) => JSON.parse(text) as Json),
    ),
  );
  fc.assert(
    fc.property(records, keyIds, bytes(64), (record, keyid, signature) => {
      const text = canonical(record).toString();
      fc.pre(text.isWellFormed());
      const envelope = sealed(text, keyid, signature);
      const packed = packedAdmission(envelope, row);
      if (packed !== null) expect(unpackedAdmission(packed, row)).toEqual(envelope);
      else expect(text.length).toBeGreaterThan(MOST_CHARACTERS);
    }),
  );
});

it('takes a quarter of the bytes of the envelope', () => {
  const { admission } = anAdmission({ nonce: '0'.repeat(32) });
  const packed = packedAdmission(admission, row);
  const size = Buffer.byteLength(packed?.admitted ?? '') + (packed?.signed.length ?? 0);
  expect(packed?.admitted).not.toContain('sha256');
  expect(size).toBeLessThan(JSON.stringify(admission).length / 4);
});

const KEY_ID = `SHA256:${'A'.repeat(43)}`;
const usual = sealed('{}', KEY_ID, Uint8Array.of(1));
const OTHERS: readonly (readonly [string, Envelope])[] = [
  ['another type', sealEnvelope('text/plain', Buffer.from('{}'), Uint8Array.of(1), KEY_ID)],
  ['a key id of another form', sealed('{}', 'key', Uint8Array.of(1))],
  ['a key id with further bits', sealed('{}', `SHA256:${'A'.repeat(42)}B`, Uint8Array.of(1))],
  ['two signatures', { ...usual, signatures: [...usual.signatures, ...usual.signatures] }],
  ['no signature', { ...usual, signatures: [] }],
  ['a further member', { ...usual, more: true } as Envelope],
  ['a payload that is no text', sealed(Uint8Array.of(255), KEY_ID, Uint8Array.of(1))],
  ['a payload with control characters', sealed('\u0001', KEY_ID, Uint8Array.of(1))],
  ['base64 with line breaks', { ...usual, payload: `${usual.payload}\n` }],
  ['a large payload', sealed(JSON.stringify('x'.repeat(MOST_CHARACTERS)), KEY_ID, Uint8Array.of(1))],
];

it.each(OTHERS)('is null for %s, which is stored as it is', (_, envelope) => {
  expect(packedAdmission(usual, row)).not.toBeNull();
  expect(packedAdmission(envelope, row)).toBeNull();
});
