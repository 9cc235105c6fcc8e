import { sign } from 'node:crypto';
import { preAuthEncoding, sealEnvelope, type Envelope, type KeyUsage } from '@taskrunner/core/evidence';
import { Signer } from '@taskrunner/core/ports';
import { loadKey, type SigningKey } from './key-file';

/** Signs with a key file of this machine: Ed25519, or P-256 with SHA-256 and the signature in DER. */
export class FileSigner<Usage extends KeyUsage = KeyUsage> extends Signer<Usage> {
  readonly keyid: string;

  constructor(
    readonly usage: Usage,
    private readonly key: SigningKey,
  ) {
    super();
    this.keyid = key.keyid;
  }

  /** Opens a signer with the key in this file. Throws like `loadKey`. */
  static async open<Usage extends KeyUsage>(usage: Usage, path: string): Promise<FileSigner<Usage>> {
    return new FileSigner(usage, await loadKey(path));
  }

  /** SPKI, PEM: the form used in a trust file. */
  get publicKeyPem(): string {
    return this.key.publicKeyPem;
  }

  async sign(payloadType: string, payload: string): Promise<Envelope> {
    if (!payload.isWellFormed()) throw new TypeError('lone surrogate: this text has no UTF-8 bytes');
    const bytes = Buffer.from(payload);
    const { algorithm, privateKey } = this.key;
    const hash = algorithm === 'ed25519' ? null : 'sha256';
    const signature = sign(hash, preAuthEncoding(payloadType, bytes), { key: privateKey, dsaEncoding: 'der' });
    return sealEnvelope(payloadType, bytes, signature, this.keyid);
  }
}
