import type { Envelope, KeyUsage } from '../../evidence/encoding/envelope';

/** Signs documents with one key for one usage. A signer that is down delays what it should sign; it never loses it. */
export abstract class Signer<Usage extends KeyUsage = KeyUsage> {
  /** OpenSSH `SHA256:` fingerprint of the public key: a hint for verifiers, never a reason to trust. */
  abstract readonly keyid: string;
  abstract readonly usage: Usage;
  /** Signs the UTF-8 bytes of `payload`. The envelope carries exactly those bytes and one signature. */
  abstract sign(payloadType: string, payload: string): Promise<Envelope>;
}
