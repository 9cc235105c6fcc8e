import { CodedError } from '../../foundation/coded-error';

/** Why a signed document, a trust file or a bundle is refused. */
export type EvidenceCode =
  /** Not a DSSE envelope, or its base64 does not decode. */
  | 'ENVELOPE_MALFORMED'
  /** The payload type differs from the expected one. */
  | 'ENVELOPE_PAYLOAD_TYPE'
  /** Not exactly one signature. */
  | 'ENVELOPE_SIGNATURES'
  /** No trusted key with the required usage made the signature. */
  | 'ENVELOPE_UNTRUSTED'
  /** Not JSON: syntax, nesting, numbers that do not survive, lone surrogates, duplicate or forbidden keys. */
  | 'EVIDENCE_JSON'
  /** JSON, but not in its RFC 8785 form, which signed documents must have. */
  | 'EVIDENCE_NOT_CANONICAL'
  /** A member is missing, unknown or of the wrong type. */
  | 'EVIDENCE_SHAPE'
  /** The bundle lacks a file. */
  | 'EVIDENCE_FILE_MISSING'
  /** The bundle withholds a required file. The file held a secret, and an operator released the evidence without it. */
  | 'EVIDENCE_WITHHELD'
  /** The trust file contradicts itself. */
  | 'TRUST_INVALID'
  /** The type of the key is not supported. */
  | 'KEY_UNSUPPORTED';

/** An error of this layer. */
export class EvidenceError extends CodedError<EvidenceCode> {
  static {
    this.brand('EvidenceError');
  }

  override readonly name = 'EvidenceError';
}
