import { anAdmission } from '../../testing/stored-documents';
import { DocumentAltered } from './document-altered';
import { KnownSignatures } from './known-signatures';
import { KnownAdmissions, type AdmissionColumns } from './stored-admission';

const SIGNED = Buffer.from('signed').toString('base64');

/** An admission whose signature holds if it is `SIGNED`. */
function withSignature(sig: string): AdmissionColumns {
  const columns = anAdmission();
  return { ...columns, admission: { ...columns.admission, signatures: [{ keyid: '', sig }] } };
}

function admissions() {
  let verified = 0;
  const signatures = new KnownSignatures({
    keys: [{ algorithm: 'ed25519', spki: '', usages: ['admission'] }],
    verifySignature: (_spki, _algorithm, _data, signature) => {
      verified++;
      return Buffer.from(signature).toString('base64') === SIGNED;
    },
  });
  return { known: new KnownAdmissions(signatures), verified: () => verified };
}

it('verifies an admission once, and finds another signature of one that it knows', () => {
  const { known, verified } = admissions();
  const first = known.record(withSignature(SIGNED));
  expect(known.record(withSignature(SIGNED))).toBe(first);
  expect(verified()).toBe(1);
  const other = withSignature(Buffer.from('other').toString('base64'));
  expect(() => known.record(other)).toThrow(DocumentAltered);
  expect(known.record(withSignature(SIGNED))).toBe(first);
  expect(verified()).toBe(2);
});

it('finds a signature that was removed, and members that were added', () => {
  const { known } = admissions();
  const own = withSignature(SIGNED);
  known.record(own);
  expect(() => known.record({ ...own, admission: { ...own.admission, signatures: [] } })).toThrow(DocumentAltered);
  expect(() => known.record({ ...own, admission: { ...own.admission, payloadType: 'text/plain' } })).toThrow(
    DocumentAltered,
  );
  expect(() => known.record({ ...own, admission: null as never })).toThrow(DocumentAltered);
});

it('compares no signature where none is verified', () => {
  const known = new KnownAdmissions(null);
  const first = known.record(withSignature(SIGNED));
  expect(known.record(withSignature('b3RoZXI='))).toBe(first);
});
