import type { Json } from '../../foundation/json';
import { decodeEnvelope, preAuthEncoding, type DecodedEnvelope, type Envelope, type KeyUsage } from './envelope';
import { EvidenceError } from './evidence-error';
import type { SignatureAlgorithm } from './public-key';

/** True if the signature is the key's over the data. `spki` is the DER of the public key in base64; never throws. */
export type VerifySignature = (
  spki: string,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
) => boolean;

/** A public key, and what it may sign. */
export interface VerificationKey {
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  /** DER SubjectPublicKeyInfo in standard base64. Keys are compared by it. */
  readonly spki: string;
  readonly usages: readonly KeyUsage[];
}

/** Keys that a verifier trusts, and the function that checks their signatures. */
export interface KeyRing<Key extends VerificationKey = VerificationKey> {
  readonly keys: readonly Key[];
  readonly verifySignature: VerifySignature;
}

/** An envelope with a valid signature. */
export interface OpenedEnvelope<Key extends VerificationKey = VerificationKey> extends DecodedEnvelope {
  readonly key: Key;
}

/**
 * Verifies a DSSE v1.0.2 envelope: exactly this payload type, exactly one signature, made by a key with this usage. The keyid is only a
 * hint: every key with the usage is tried. Throws `ENVELOPE_MALFORMED`, `ENVELOPE_SIGNATURES`, `ENVELOPE_PAYLOAD_TYPE` or
 * `ENVELOPE_UNTRUSTED`. Callers must read the returned payload and never the envelope again.
 */
export function openEnvelope<Key extends VerificationKey>(
  envelope: Json | Envelope | DecodedEnvelope,
  payloadType: string,
  usage: KeyUsage,
  ring: KeyRing<Key>,
): OpenedEnvelope<Key> {
  const decoded = isDecoded(envelope) ? envelope : decodeEnvelope(envelope);
  if (decoded.payloadType !== payloadType) {
    throw new EvidenceError(
      'ENVELOPE_PAYLOAD_TYPE',
      `payload type ${decoded.payloadType} in place of ${payloadType}`,
      'Pass a document of the expected type.',
    );
  }
  const data = preAuthEncoding(payloadType, decoded.payload);
  for (const key of ring.keys) {
    if (!key.usages.includes(usage)) continue;
    if (!ring.verifySignature(key.spki, key.algorithm, data, decoded.signature)) continue;
    const { payload, digest, signature, keyid } = decoded;
    return { payloadType, payload, digest, signature, keyid, key };
  }
  throw new EvidenceError(
    'ENVELOPE_UNTRUSTED',
    `no trusted key for ${usage} made this signature`,
    `Add the signer's key with usage ${usage} to the trusted keys, if you trust it.`,
  );
}

function isDecoded(envelope: Json | Envelope | DecodedEnvelope): envelope is DecodedEnvelope {
  // Bytes cannot come from a row or a body: such an object of JSON is a malformed envelope.
  const { payload, signature } = (envelope ?? {}) as { readonly payload?: unknown; readonly signature?: unknown };
  return payload instanceof Uint8Array && signature instanceof Uint8Array;
}
