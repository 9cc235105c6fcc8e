import { sha256 } from '../../canonical/digest';
import type { AdmissionRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { KeyRing } from '../../evidence/encoding/open-envelope';

/** Runs that are driven and not yet sealed: a busy worker seals later. A record takes about 3 KB. */
const KEPT = 4_096;
/** A larger envelope is opened each time. */
const CHARACTERS = 64 * 1024;

/**
 * Admissions that have verified under a ring, by all that their verification depends on. The driver of a run opens its admission, and its seal
 * opens the same one again: a signature costs more than the rest of it.
 */
class OpenedAdmissions {
  private readonly records = new Map<string, AdmissionRecord>();

  /** The record in the envelope, which `open` verifies if it has not been verified before. A refusal (null) is not kept. */
  of(envelope: Envelope, open: () => AdmissionRecord | null): AdmissionRecord | null {
    const name = nameOf(envelope);
    const known = name === null ? undefined : this.records.get(name);
    if (known !== undefined) return known;
    const record = open();
    if (record !== null && name !== null) this.keep(name, record);
    return record;
  }

  private keep(name: string, record: AdmissionRecord): void {
    this.records.set(name, record);
    const [oldest] = this.records.keys();
    if (this.records.size > KEPT && oldest !== undefined) this.records.delete(oldest);
  }
}

const ofRings = new WeakMap<KeyRing, OpenedAdmissions>();

/** The admissions that were opened under a ring. Everybody with the same ring shares them. */
export function openedAdmissions(ring: KeyRing): OpenedAdmissions {
  const known = ofRings.get(ring) ?? new OpenedAdmissions();
  ofRings.set(ring, known);
  return known;
}

/** The digest of payload, its type and the only signature; null for what is no envelope. Other members and the key's id decide nothing. */
function nameOf(envelope: unknown): string | null {
  // A row can have anything.
  const { payload, payloadType, signatures } = (envelope ?? {}) as { readonly [member: string]: unknown };
  if (!Array.isArray(signatures) || signatures.length !== 1) return null;
  const { sig } = ((signatures as readonly unknown[])[0] ?? {}) as { readonly sig?: unknown };
  const texts = [payloadType, payload, sig];
  if (!texts.every((text) => typeof text === 'string')) return null;
  const name = texts.join('\n');
  return name.length > CHARACTERS ? null : sha256(name);
}
