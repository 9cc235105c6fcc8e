import { sha256 } from '../../canonical/digest';
import { PAYLOAD_TYPE, type ReleaseRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import { openEnvelope, type KeyRing } from '../../evidence/encoding/open-envelope';
import { readAdmission, readDecision, readRelease, readResolution } from '../../evidence/records/read-documents';
import { isCodedError } from '../../foundation/coded-error';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import { openedAdmissions } from './opened-admissions';

/** The record in an envelope that verifies under a ledger key of a ring; null if it does not verify. */
export function trustedRelease(ring: KeyRing): (envelope: Envelope) => ReleaseRecord | null {
  return (envelope) => refusedIsNull(() => readRelease(payload(envelope, PAYLOAD_TYPE.release, 'ledger', ring)));
}

/**
 * Opens admissions, decisions and resolutions under the keys of a ring. Returns null for an envelope that does not verify or holds no such
 * record.
 */
export function trustedRecords(
  ring: KeyRing,
): Pick<DriverDependencies, 'openAdmission' | 'openDecision' | 'openResolution'> {
  return {
    openAdmission: (envelope) =>
      openedAdmissions(ring).of(envelope, () =>
        refusedIsNull(() => readAdmission(payload(envelope, PAYLOAD_TYPE.admission, 'admission', ring))),
      ),
    openDecision: (envelope) =>
      refusedIsNull(() => {
        const bytes = payload(envelope, PAYLOAD_TYPE.decision, 'ledger', ring);
        return { record: readDecision(bytes), digest: sha256(bytes) };
      }),
    openResolution: (envelope) =>
      refusedIsNull(() => {
        const bytes = payload(envelope, PAYLOAD_TYPE.resolution, 'ledger', ring);
        return { record: readResolution(bytes), digest: sha256(bytes) };
      }),
  };
}

function payload(envelope: Envelope, type: string, usage: 'admission' | 'ledger', ring: KeyRing): Uint8Array {
  return openEnvelope(envelope, type, usage, ring).payload;
}

function refusedIsNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isCodedError(error)) return null;
    throw error;
  }
}
