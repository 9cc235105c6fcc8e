import { CodedError } from '../../foundation/coded-error';

/** Why a signed document, a trust file or a bundle is refused. */
export type EvidenceCode =
  /** Not a DSSE envelope, or its base64 does not decode. */
  | 'ENVELOPE_MALFORMED'
  /** Another payload type than the one asked for. */
  | 'ENVELOPE_PAYLOAD_TYPE'
  /** Not exactly one signature. */
  | 'ENVELOPE_SIGNATURES'
  /** No trusted key with the usage asked for made the signature. */
  | 'ENVELOPE_UNTRUSTED'
  /** Not JSON: syntax, nesting, numbers that do not survive, lone surrogates, duplicate or forbidden keys. */
  | 'EVIDENCE_JSON'
  /** JSON, but not in the one RFC 8785 spelling that signed documents have. */
  | 'EVIDENCE_NOT_CANONICAL'
  /** A member is missing, unknown or of the wrong type. */
  | 'EVIDENCE_SHAPE'
  /** The bundle lacks a file. */
  | 'EVIDENCE_FILE_MISSING'
  /** The bundle withholds a file that is needed: it held a secret, and an operator released the evidence without it. */
  | 'EVIDENCE_WITHHELD'
  /** The trust file contradicts itself. */
  | 'TRUST_INVALID'
  /** The key is not of a kind that this product uses. */
  | 'KEY_UNSUPPORTED';

/** A refusal of this floor. */
export class EvidenceError extends CodedError<EvidenceCode> {
  static {
    this.brand('EvidenceError');
  }

  override readonly name = 'EvidenceError';
}
