import { decodeEnvelope, type Envelope } from '../evidence/encoding/envelope';
import { EvidenceError } from '../evidence/encoding/evidence-error';
import { readDecision, readResolution } from '../evidence/records/read-documents';
import type { RunId, TenantId } from '../foundation/ids';
import { DocumentAltered } from './document-altered';

/** A decision or resolution that keeps a new one out, because it is as late or later. */
export interface LaterRecord {
  readonly document: 'decision' | 'resolution';
  readonly envelope: Envelope;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
}

/**
 * Compares what keeps people of a run from deciding with the records in the envelopes. Signatures are not checked. Throws `DocumentAltered`
 * for a row that no decision has written: it could otherwise keep people from deciding for ever.
 */
export function compareLaterRecords(run: { tenant: TenantId; runId: RunId }, rows: readonly LaterRecord[]): void {
  for (const row of rows) {
    const found = differenceIn(run, row);
    if (found === null) continue;
    const what = `a ${row.document} that is later than the new one`;
    throw new DocumentAltered({ ...run, document: row.document, what, expected: 'a record of this run', found });
  }
}

function differenceIn(run: { tenant: TenantId; runId: RunId }, row: LaterRecord): string | null {
  try {
    const { payload } = decodeEnvelope(row.envelope);
    const record = row.document === 'decision' ? readDecision(payload) : readResolution(payload);
    if (record.runId !== run.runId || record.tenant !== run.tenant) return 'one of another run';
    return Date.parse(record.decidedAt) === row.decidedAt ? null : 'another time';
  } catch (error) {
    if (EvidenceError.is(error)) return error.code;
    throw error;
  }
}
