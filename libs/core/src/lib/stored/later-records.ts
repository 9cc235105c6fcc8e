import { decodeEnvelope, type Envelope } from '../evidence/encoding/envelope';
import { EvidenceError } from '../evidence/encoding/evidence-error';
import { readDecision, readResolution } from '../evidence/records/read-documents';
import type { RunId, TenantId } from '../foundation/ids';
import type { ResolutionOutcome } from '../evidence/records/documents';
import { sameJson } from '../canonical/same-json';
import { sameSubject, type Subject } from '../foundation/principal';
import { DocumentAltered } from './document-altered';
import { UNSIGNED, type KnownSignatures } from './known-signatures';

/** A decision or resolution that keeps a new one out, because it is as late or later. */
export interface LaterRecord {
  readonly document: 'decision' | 'resolution';
  readonly envelope: Envelope;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
}

interface OfRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
}

/**
 * Compares what keeps people of a run from deciding with the records in the envelopes. Throws `DocumentAltered` for a row that no decision
 * has written: it could otherwise keep people from deciding for ever. `signatures`: null if nobody verifies them.
 */
export function compareLaterRecords(
  run: OfRun,
  rows: readonly LaterRecord[],
  signatures: KnownSignatures | null,
): void {
  for (const row of rows) {
    const what = `a ${row.document} that is later than the new one`;
    const found = differenceIn(run, row);
    if (found !== null)
      throw new DocumentAltered({ ...run, document: row.document, what, expected: 'a record of this run', found });
    refuseUnsigned(run, row, what, signatures);
  }
}

/** The columns of a resolution. */
export interface StoredResolution extends OfRun {
  readonly step: string;
  readonly execution: number;
  readonly outcome: ResolutionOutcome;
  readonly person: Subject;
}

/**
 * Compares the columns of a resolution, which keeps later ones out and is answered as a receipt, with its record. Throws `DocumentAltered`.
 * `signatures`: null if nobody verifies them.
 */
export function compareResolution(row: StoredResolution, envelope: Envelope, signatures: KnownSignatures | null): void {
  const { tenant, runId, step, execution, outcome, person } = row;
  const what = `the resolution of step ${step}`;
  const found = readOr(() => {
    const record = readResolution(decodeEnvelope(envelope).payload);
    const said = [record.tenant, record.runId, record.step, record.execution, record.outcome];
    const isSame = sameJson(said, [tenant, runId, step, execution, outcome]) && sameSubject(record.person, person);
    return isSame ? null : 'another record';
  });
  if (found !== null)
    throw new DocumentAltered({
      tenant,
      runId,
      document: 'resolution',
      what,
      expected: 'the record of its row',
      found,
    });
  refuseUnsigned({ tenant, runId }, { document: 'resolution', envelope }, what, signatures);
}

function refuseUnsigned(
  { tenant, runId }: OfRun,
  { document, envelope }: Pick<LaterRecord, 'document' | 'envelope'>,
  what: string,
  signatures: KnownSignatures | null,
): void {
  let isSigned = true;
  const found = readOr(() => {
    isSigned = signatures?.holds(decodeEnvelope(envelope), document) ?? true;
    return null;
  });
  if (found !== null)
    throw new DocumentAltered({ tenant, runId, document, what, expected: 'an envelope of its kind', found });
  if (!isSigned) throw new DocumentAltered({ tenant, runId, document, what: `the signature of ${what}`, ...UNSIGNED });
}

function differenceIn(run: OfRun, row: LaterRecord): string | null {
  return readOr(() => {
    const { payload } = decodeEnvelope(row.envelope);
    const record = row.document === 'decision' ? readDecision(payload) : readResolution(payload);
    if (record.runId !== run.runId || record.tenant !== run.tenant) return 'one of another run';
    return Date.parse(record.decidedAt) === row.decidedAt ? null : 'another time';
  });
}

/** What is found, or why there is no record. */
function readOr(read: () => string | null): string | null {
  try {
    return read();
  } catch (error) {
    if (EvidenceError.is(error)) return error.code;
    throw error;
  }
}
