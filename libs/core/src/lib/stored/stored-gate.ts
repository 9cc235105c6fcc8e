import type { DecisionRecord } from '../evidence/records/documents';
import { decodeEnvelope, type Envelope } from '../evidence/encoding/envelope';
import { EvidenceError } from '../evidence/encoding/evidence-error';
import { gateRequestOf, readDecision } from '../evidence/records/read-documents';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { sameSubject, type Subject } from '../foundation/principal';
import type { GateRequest } from '../gate/gate-request';
import { subjectsKey } from '../gate/deciders';
import type { DecisionKind, GateOutcome } from '../gate/gate-state';
import type { ComparedJson } from './compared-json';
import { DocumentAltered, type Alteration, type StoredDocument } from './document-altered';
import { UNSIGNED, type KnownSignatures } from './known-signatures';
import type { AdmissionColumns, KnownAdmissions } from './stored-admission';

/** A decision as stored in its row. */
export interface StoredDecision {
  readonly decisionId: string;
  readonly decision: DecisionKind;
  readonly person: Subject;
  /** The person's name in their token at that time, which the signed record does not contain; null: not recorded. */
  readonly name: string | null;
  readonly envelope: Envelope;
  readonly recordDigest: Digest;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
}

/** A gate as stored in its rows. The documents have not been compared with their digests. */
export interface StoredGate extends AdmissionColumns {
  readonly gate: string;
  readonly state: 'open' | GateOutcome;
  readonly gateDigest: Digest;
  /** JSON texts, in any spelling. */
  readonly request: string;
  readonly show: string | null;
  readonly required: number;
  readonly approvals: number;
  /** Of each approval that counts, `subjectsKey` of its persons. */
  readonly counted: readonly string[];
  readonly expiresAt: number;
  readonly decisions: readonly StoredDecision[];
}

/** Caches documents of gates that were compared last. */
export interface KnownGates {
  readonly json: ComparedJson;
  readonly admissions: KnownAdmissions;
  /** Verifies the signatures of decisions; null: for lists, and for readers that verify them themselves. */
  readonly signatures: KnownSignatures | null;
}

/** The request and the decisions of a gate, each compared with its digest. `compare` is the only way to create it. */
export class GateDocuments {
  protected readonly isCompared = true;

  private constructor(
    readonly request: GateRequest,
    readonly show: Json,
    /** Records of the decisions, in order. */
    readonly records: readonly DecisionRecord[],
  ) {}

  /**
   * Throws `DocumentAltered` if a document is another than its digest names, or a column differs from what the documents say.
   *
   * @param known documents that were compared before.
   */
  static compare(of: StoredGate, known: KnownGates): GateDocuments {
    const altered: Altered = (document, what, expected, found, more = {}) =>
      new DocumentAltered({ tenant: of.tenant, runId: of.runId, document, what, expected, found, ...more });
    const { gate, gateDigest } = of;
    known.admissions.compare(of);
    const read = known.json.read(of.request, gateDigest);
    if (read.digest !== gateDigest) throw altered('gate', `the request of gate ${gate}`, gateDigest, read.digest);
    const request = requestIn(read.value, of, altered);
    const shown = known.json.read(of.show ?? 'null', request.showDigest);
    if (shown.digest !== request.showDigest)
      throw altered('show', `what gate ${gate} shows`, request.showDigest, shown.digest);
    const repeated: readonly (readonly [string, unknown, unknown])[] = [
      ['run', request.runId, of.runId],
      ['tenant', request.tenant, of.tenant],
      ['gate', request.gate, gate],
      ['plan hash', request.planHash, of.planHash],
      ['profile digest', request.profileDigest, of.profileDigest],
      ['admission digest', request.admissionDigest, of.admissionDigest],
      ['number of approvals that are needed', request.requirement.minApprovals, of.required],
      ['time of expiry', Date.parse(request.expiresAt), of.expiresAt],
    ];
    const wrong = repeated.find(([, said, found]) => said !== found);
    if (wrong) throw altered('gate', `the ${wrong[0]} of gate ${gate}`, String(wrong[1]), String(wrong[2]));
    const records = of.decisions.map((row) => compareDecision(of, row, known.signatures, altered));
    const inForce = approvalsInForce(records).length;
    if (inForce !== of.approvals)
      throw altered('gate', `the number of approvals of gate ${gate}`, String(inForce), String(of.approvals));
    // Otherwise nobody could withdraw an approval, or approve again, and nobody would learn why.
    const counted = approvalsInForce(records).map(subjectsKey);
    if (!sameTexts(counted, of.counted))
      throw altered('gate', `the list of who approved gate ${gate}`, counted.join(' '), String(of.counted));
    const decided = decidedBy(records, of.required);
    if (decided === null ? of.state === 'approved' || of.state === 'rejected' : of.state !== decided)
      throw altered('gate', `the state of gate ${gate}`, decided ?? 'one that no decision made', of.state);
    return new GateDocuments(request, shown.value, records);
  }
}

type Altered = (
  document: StoredDocument,
  what: string,
  expected: string,
  found: string,
  more?: Pick<Alteration, 'sparesRun'>,
) => DocumentAltered;

/** A document can have the digest that its row names and still be no request. */
function requestIn(value: Json, { gate, gateDigest }: StoredGate, altered: Altered): GateRequest {
  try {
    return gateRequestOf(value);
  } catch (error) {
    if (EvidenceError.is(error)) throw altered('gate', `the request of gate ${gate}`, gateDigest, error.code);
    throw error;
  }
}

function sameTexts(said: readonly string[], found: readonly string[]): boolean {
  const [a, b] = [[...said].sort(), [...found].sort()];
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

function compareDecision(
  of: StoredGate,
  row: StoredDecision,
  signatures: KnownSignatures | null,
  altered: Altered,
): DecisionRecord {
  const what = `decision ${row.decisionId} at gate ${of.gate}`;
  const record = recordIn(row, what, signatures, altered);
  const repeated: readonly (readonly [string, unknown, unknown])[] = [
    ['run', record.runId, of.runId],
    ['tenant', record.tenant, of.tenant],
    ['gate', record.gate, of.gate],
    ['gate digest', record.gateDigest, of.gateDigest],
    ['id', record.decisionId, row.decisionId],
    ['outcome', record.decision, row.decision],
    ['time', Date.parse(record.decidedAt), row.decidedAt],
    ['person', sameSubject(record.person, row.person), true],
  ];
  const wrong = repeated.find(([, said, found]) => said !== found);
  if (wrong) throw altered('decision', `the ${wrong[0]} of ${what}`, String(wrong[1]), String(wrong[2]));
  return record;
}

function recordIn(
  { envelope, recordDigest }: StoredDecision,
  what: string,
  signatures: KnownSignatures | null,
  altered: Altered,
): DecisionRecord {
  try {
    const decoded = decodeEnvelope(envelope);
    if (decoded.digest !== recordDigest) throw altered('decision', what, recordDigest, decoded.digest);
    const { expected, found, ...more } = UNSIGNED;
    if (signatures?.holds(decoded, 'decision') === false)
      throw altered('decision', `the signature of ${what}`, expected, found, more);
    return readDecision(decoded.payload);
  } catch (error) {
    if (EvidenceError.is(error)) throw altered('decision', what, recordDigest, error.code);
    throw error;
  }
}

/** What people have decided, as the statement that records a decision counts; null: not enough of them. */
function decidedBy(records: readonly DecisionRecord[], required: number): 'approved' | 'rejected' | null {
  if (records.some(({ decision }) => decision === 'rejected')) return 'rejected';
  return approvalsInForce(records).length >= required ? 'approved' : null;
}

/** Approvals that were not withdrawn. */
export function approvalsInForce(records: readonly DecisionRecord[]): readonly DecisionRecord[] {
  let inForce: readonly DecisionRecord[] = [];
  for (const record of records) {
    if (record.decision === 'withdrawn') inForce = inForce.filter(({ person }) => !sameSubject(person, record.person));
    if (record.decision === 'approved') inForce = [...inForce, record];
  }
  return inForce;
}
