import { sign } from 'node:crypto';
import { canonical } from '../../canonical/canonical';
import { PAYLOAD_TYPE } from '../../evidence/records/documents';
import { type decodeEnvelope, preAuthEncoding, sealEnvelope } from '../../evidence/encoding/envelope';
import type { Json } from '../../foundation/json';
import { storedDecision } from '../../../testing/stored-documents';
import {
  aDecision,
  approver,
  aRow,
  deciding,
  grace,
  planHash,
  RecordingStore,
  recordOf,
  runId,
} from '../../../testing/deciding';
import type { BoundToken } from './decision-proof';

describe('a decision', () => {
  it('is proven by the person’s own key over exactly this intent', async () => {
    const row = aRow({}, { proof: 'key' });
    const { gateDigest } = row;
    const intent = { gateDigest, decision: 'approved', reason: null, response: null, onBehalfOf: null };
    const sealed = (what: Json) => {
      const bytes = new TextEncoder().encode(canonical(what));
      return sealEnvelope(
        PAYLOAD_TYPE.intent,
        bytes,
        sign(null, preAuthEncoding(PAYLOAD_TYPE.intent, bytes), approver.privateKey),
      ) as unknown as Json;
    };
    const store = new RecordingStore(row);
    const { receipt } = await deciding(store)(aDecision(row, { proof: sealed(intent) }));
    expect(recordOf(receipt).proof).toMatchObject({ kind: 'key' });
    const wrong = aDecision(row, { proof: sealed({ ...intent, decision: 'rejected' }) });
    await expect(deciding(new RecordingStore(row))(wrong)).rejects.toMatchObject({ code: 'GATE_TOKEN_MISMATCH' });
    const stranger = deciding(new RecordingStore(row))(aDecision(row, { proof: sealed(intent) }), {
      ...grace,
      sub: 'linus',
    });
    await expect(stranger).rejects.toMatchObject({ code: 'GATE_TOKEN_MISMATCH' });
  });

  it('takes the token that is bound to it, and no other', async () => {
    const row = aRow({}, { proof: 'token' });
    const token: BoundToken = {
      jws: 'a.b.c',
      jti: 'j',
      runId,
      gate: 'approve',
      planHash,
      gateDigest: row.gateDigest,
      decision: 'approved',
    };
    const store = new RecordingStore(row);
    const { receipt } = await deciding(store)(aDecision(row), grace, token);
    expect(recordOf(receipt)).toMatchObject({ proof: { kind: 'token', jws: 'a.b.c' } });
    for (const change of [
      { runId: 'x' },
      { gate: 'x' },
      { planHash: 'x' },
      { gateDigest: 'x' },
      { gateDigest: null },
      { decision: 'rejected' },
    ]) {
      await expect(
        deciding(new RecordingStore(row))(aDecision(row), grace, { ...token, ...change }),
      ).rejects.toMatchObject({
        code: 'GATE_TOKEN_MISMATCH',
      });
    }
    const used = aRow(
      {
        decisions: [storedDecision(receipt), storedDecision(withdrawn(receipt))],
      },
      { proof: 'token' },
    );
    await expect(deciding(new RecordingStore(used))(aDecision(used), grace, token)).rejects.toMatchObject({
      code: 'GATE_TOKEN_MISMATCH',
    });
  });
});

/** The same record, but a withdrawal. */
function withdrawn(receipt: Parameters<typeof decodeEnvelope>[0]) {
  const record = { ...recordOf(receipt), decision: 'withdrawn', decisionId: 'w' };
  return sealEnvelope(
    PAYLOAD_TYPE.decision,
    new TextEncoder().encode(canonical(record as unknown as Json)),
    new Uint8Array(64),
  );
}
