import { toBase64 } from '../evidence/encoding/base64';
import type { DecodedEnvelope } from '../evidence/encoding/envelope';
import { openEnvelope, type KeyRing } from '../evidence/encoding/open-envelope';
import { EvidenceError } from '../evidence/encoding/evidence-error';
import { PAYLOAD_TYPE } from '../evidence/records/documents';

/** Records in rows of runs that the webservice signs, and the usage of the key that signs each. */
const USAGE = { admission: 'admission', decision: 'ledger', resolution: 'ledger' } as const;
type SignedRecord = keyof typeof USAGE;

/** Number of records whose signatures are known to hold. About 300 bytes each. */
const KEPT = 8_192;

/** Verifies signatures of records in rows, once for each record as long as it is remembered. */
export class KnownSignatures {
  /** The most recently used one last. */
  private readonly kept = new Set<string>();

  /** `keys`: of the webservice that reads, and those that webservices had before. */
  constructor(private readonly keys: KeyRing) {}

  /** True if a key of the webservice made the signature. Throws `EvidenceError` for an envelope of another kind. */
  holds(envelope: DecodedEnvelope, record: SignedRecord): boolean {
    const key = `${record} ${envelope.digest} ${toBase64(envelope.signature)} ${envelope.payloadType}`;
    if (!this.kept.delete(key) && !this.isSigned(envelope, record)) return false;
    this.kept.add(key);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.values().next().value as string);
    return true;
  }

  private isSigned(envelope: DecodedEnvelope, record: SignedRecord): boolean {
    try {
      openEnvelope(envelope, PAYLOAD_TYPE[record], USAGE[record], this.keys);
      return true;
    } catch (error) {
      if (EvidenceError.is(error) && error.code === 'ENVELOPE_UNTRUSTED') return false;
      throw error;
    }
  }
}

/**
 * The finding for a signature that does not hold. It cannot be told from one of a key that was replaced and is not listed any more, so the
 * run is neither marked nor halted: its worker, which has the keys for it, verifies for itself.
 */
export const UNSIGNED = {
  expected: 'a signature of a listed key',
  found: 'another signature',
  sparesRun: true,
} as const;
