import { PAYLOAD_TYPE, type CheckpointRecord } from '../records/documents';
import type { Envelope } from '../encoding/envelope';
import { openEnvelope, type VerifySignature } from '../encoding/open-envelope';
import { readCheckpoint } from '../records/read-documents';
import { objectionTo, type TrustFile } from '../encoding/trust';

/** A checkpoint that a trusted key signed. `objection` says why the key may not be used for it. */
interface OpenedCheckpoint {
  readonly record: CheckpointRecord;
  readonly objection: string | null;
}

/** Opens a checkpoint with a key of usage `checkpoint`. Throws `ENVELOPE_*`, `EVIDENCE_*`. */
export function openCheckpoint(
  envelope: Envelope,
  trust: Pick<TrustFile, 'keys'>,
  verifySignature: VerifySignature,
): OpenedCheckpoint {
  const opened = openEnvelope(envelope, PAYLOAD_TYPE.checkpoint, 'checkpoint', { keys: trust.keys, verifySignature });
  const record = readCheckpoint(opened.payload);
  const use = { tenant: record.tenant, builder: null, at: Date.parse(record.at) };
  return { record, objection: objectionTo(opened.key, use) };
}

/**
 * A position at which two checkpoints of one tenant name different heads, which means that two chains were presented. Null if there is
 * none.
 */
export function forkIn(records: readonly CheckpointRecord[]): number | null {
  const heads = new Map<number, string>();
  for (const { count, head } of records) {
    if ((heads.get(count) ?? head) !== head) return count;
    heads.set(count, head);
  }
  return null;
}
