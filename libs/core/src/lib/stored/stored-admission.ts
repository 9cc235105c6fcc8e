import { decodeEnvelope, type Envelope } from '../evidence/encoding/envelope';
import type { AdmissionRecord } from '../evidence/records/documents';
import { EvidenceError } from '../evidence/encoding/evidence-error';
import { readAdmission } from '../evidence/records/read-documents';
import type { Digest, RunId, TenantId } from '../foundation/ids';
import type { Actor } from '../foundation/principal';
import { sameJson } from '../canonical/same-json';
import { DocumentAltered } from './document-altered';
import { UNSIGNED, type KnownSignatures } from './known-signatures';

/** Columns that duplicate the admission of a run, as stored in its rows. */
export interface AdmissionColumns {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly pack: {
    readonly name: string;
    readonly version: string;
    readonly contentDigest: Digest;
    readonly sourceDigest: Digest;
  };
  readonly admission: Envelope;
  readonly admissionDigest: Digest;
  /** Not read for every query. */
  readonly initiators?: readonly Actor[];
  readonly rerunOf?: RunId | null;
}

/** The difference between the columns and a record; null if there is none. */
export function admissionDifference(
  record: AdmissionRecord,
  columns: Omit<AdmissionColumns, 'admission' | 'admissionDigest'>,
): { readonly what: string; readonly expected: string; readonly found: string } | null {
  const { pack, initiators, rerunOf } = columns;
  const expected: readonly (readonly [string, string | null, string | null])[] = [
    ['run', record.runId, columns.runId],
    ['tenant', record.tenant, columns.tenant],
    ['plan hash', record.planHash, columns.planHash],
    ['profile digest', record.profileDigest, columns.profileDigest],
    ['pack name', record.pack.name, pack.name],
    ['pack version', record.pack.version, pack.version],
    ['content digest', record.pack.contentDigest, pack.contentDigest],
    ['source digest', record.pack.sourceDigest, pack.sourceDigest],
    ...(rerunOf === undefined ? [] : [['original run', record.rerunOf, rerunOf] as const]),
  ];
  const wrong = expected.find(([, said, found]) => said !== found);
  if (wrong) return { what: wrong[0], expected: String(wrong[1]), found: String(wrong[2]) };
  if (initiators === undefined || sameJson(record.initiators, initiators)) return null;
  return { what: 'list of initiators', expected: JSON.stringify(record.initiators), found: JSON.stringify(initiators) };
}

function compareColumns(record: AdmissionRecord, columns: AdmissionColumns): void {
  const wrong = admissionDifference(record, columns);
  if (wrong) throw altered(columns, `the ${wrong.what}`, wrong.expected, wrong.found);
}

function recordIn(columns: AdmissionColumns, signatures: KnownSignatures | null): AdmissionRecord {
  const { tenant, runId, admission, admissionDigest } = columns;
  const what = 'the admission record';
  try {
    const decoded = decodeEnvelope(admission);
    if (decoded.digest !== admissionDigest) throw altered(columns, what, admissionDigest, decoded.digest);
    if (signatures?.holds(decoded, 'admission') === false)
      throw new DocumentAltered({
        tenant,
        runId,
        document: 'admission',
        what: `the signature of ${what}`,
        ...UNSIGNED,
      });
    return readAdmission(decoded.payload);
  } catch (error) {
    if (EvidenceError.is(error)) throw altered(columns, what, admissionDigest, error.code);
    throw error;
  }
}

function altered({ tenant, runId }: AdmissionColumns, what: string, expected: string, found: string): DocumentAltered {
  return new DocumentAltered({ tenant, runId, document: 'admission', what, expected, found });
}

const KEPT = 1_024;

/** Caches admissions that were compared last. An envelope that recurs under the same digest, with the same signature, is neither hashed nor verified again. */
export class KnownAdmissions {
  private readonly kept = new Map<Digest, { readonly admission: Envelope; readonly record: AdmissionRecord }>();

  /** `signatures`: verifies the signature of each; null: for lists, and for readers that verify it themselves. */
  constructor(private readonly signatures: KnownSignatures | null) {}

  /**
   * Compares the admission of a run with its digest, and with the columns that duplicate it. Throws `DocumentAltered`, also for a signature
   * that does not hold.
   */
  compare(columns: AdmissionColumns): void {
    compareColumns(this.record(columns), columns);
  }

  /** The admission under its digest, whatever the columns contain. Throws `DocumentAltered` if it is not the one that the digest names. */
  record(columns: AdmissionColumns): AdmissionRecord {
    const { admission, admissionDigest } = columns;
    const known = this.kept.get(admissionDigest);
    if (known !== undefined && this.isSame(known.admission, admission)) return known.record;
    const record = recordIn(columns, this.signatures);
    this.kept.set(admissionDigest, { admission, record });
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as Digest);
    return record;
  }

  /** The digest is of the payload only. Another signature is verified again. `found` is of any form. */
  private isSame(known: Envelope, found: Envelope | null): boolean {
    return this.signatures === null ? known.payload === found?.payload : sameJson(known, found);
  }
}
