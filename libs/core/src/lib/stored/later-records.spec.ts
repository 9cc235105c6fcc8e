import { canonical } from '../canonical/canonical';
import type { Envelope } from '../evidence/encoding/envelope';
import { PAYLOAD_TYPE, type ResolutionRecord } from '../evidence/records/documents';
import type { RunId, TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { KnownSignatures } from './known-signatures';
import { compareLaterRecords, compareResolution, type StoredResolution } from './later-records';

const AT = Date.UTC(2026, 0, 1);
const row: StoredResolution = {
  tenant: 'acme' as TenantId,
  runId: 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId,
  step: 'pay',
  execution: 2,
  outcome: 'failed',
  person: { iss: 'https://id.test', sub: 'grace' },
};

/** Its signature is the name of the key. */
function signedBy(name: string, payloadType: string = PAYLOAD_TYPE.resolution): Envelope {
  const record: ResolutionRecord = {
    ...{ schema: 'taskrunner.resolution.v1', ...row, outputsDigest: null, reason: 'seen in the log' },
    ...{ authTime: new Date(AT).toISOString(), decidedAt: new Date(AT).toISOString(), proof: { kind: 'service' } },
  };
  const payload = Buffer.from(canonical(record as unknown as Json)).toString('base64');
  return { payload, payloadType, signatures: [{ keyid: '', sig: Buffer.from(name).toString('base64') }] };
}

let signatures: KnownSignatures;
beforeEach(() => {
  signatures = new KnownSignatures({
    keys: [{ algorithm: 'ed25519', spki: 'ledger', usages: ['ledger'] }],
    verifySignature: (spki, _algorithm, _data, signature) => Buffer.from(signature).toString() === spki,
  });
});
const altered = (document: string) => expect.objectContaining({ code: 'DOCUMENT_ALTERED', first: expect.objectContaining({ document }) as unknown }) as Error; // prettier-ignore
const spares = (attempt: () => void): boolean | undefined => {
  try {
    attempt();
  } catch (error) {
    return (error as { first: { sparesRun?: true } }).first.sparesRun ?? false;
  }
  return undefined;
};

describe('a resolution that keeps another one out', () => {
  it('is the signed one', () => {
    compareResolution(row, signedBy('ledger'), signatures);
    compareLaterRecords(row, [{ document: 'resolution', envelope: signedBy('ledger'), decidedAt: AT }], signatures);
  });

  it.each<[string, Partial<StoredResolution>]>([
    ['step', { step: 'other' }],
    ['execution', { execution: 1 }],
    ['outcome', { outcome: 'succeeded' }],
    ['person', { person: { ...row.person, sub: 'mallory' } }],
    ['run', { runId: 'run_00000000000000000000000000' as RunId }],
  ])('is altered with another %s', (_what, change) =>
    expect(() => compareResolution({ ...row, ...change }, signedBy('ledger'), signatures)).toThrow(
      altered('resolution'),
    ),
  );

  it('is altered if it is no record, or in an envelope of another kind', () => {
    for (const envelope of [{} as Envelope, signedBy('ledger', PAYLOAD_TYPE.decision)])
      expect(() => compareResolution(row, envelope, signatures)).toThrow(altered('resolution'));
  });

  it('spares the run if no listed key has signed it, and whoever does not verify takes it', () => {
    const later = { document: 'resolution', envelope: signedBy('nobody'), decidedAt: AT } as const;
    expect(spares(() => compareResolution(row, later.envelope, signatures))).toBe(true);
    expect(spares(() => compareLaterRecords(row, [later], signatures))).toBe(true);
    expect(spares(() => compareLaterRecords(row, [{ ...later, decidedAt: 1 }], signatures))).toBe(false);
    compareResolution(row, later.envelope, null);
    compareLaterRecords(row, [later], null);
  });
});
