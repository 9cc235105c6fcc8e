import type { Envelope, KeyUsage } from '../../evidence/encoding/envelope';

/** Signs documents with one key for one usage. If it is unavailable, signing is delayed; nothing is lost. */
export abstract class Signer<Usage extends KeyUsage = KeyUsage> {
  /** OpenSSH `SHA256:` fingerprint of the public key: a hint for verifiers and no reason to trust. */
  abstract readonly keyid: string;
  abstract readonly usage: Usage;
  /** Signs the UTF-8 bytes of `payload`. The envelope carries exactly those bytes and one signature. */
  abstract sign(payloadType: string, payload: string): Promise<Envelope>;
}
