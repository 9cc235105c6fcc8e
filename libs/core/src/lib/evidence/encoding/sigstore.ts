import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import { toBase64 } from './base64';
import { decodeEnvelope, withKeyid, type DecodedEnvelope, type Envelope } from './envelope';
import { EvidenceError } from './evidence-error';
import { closed, listOf, oneOf, readShape, text } from './shape';
import { parseCanonical, parseUtf8, toUtf8 } from './strict-json';

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Sigstore bundle v0.3 with a public key, in the form that cosign and sigstore-js take: no further members. */
export interface SigstoreBundle {
  readonly mediaType: typeof MEDIA_TYPE;
  readonly verificationMaterial: { readonly publicKey: { readonly hint: string } };
  readonly dsseEnvelope: Envelope;
}

const shape = closed<SigstoreBundle>({
  mediaType: oneOf(MEDIA_TYPE),
  verificationMaterial: closed({ publicKey: closed({ hint: text }) }),
  dsseEnvelope: closed({ payload: text64, payloadType: text, signatures: listOf(closed({ keyid: text, sig: text })) }),
});

function text64(value: Json | undefined, path: string, note: (path: string, message: string) => void): string {
  if (typeof value !== 'string') note(path, 'base64 is expected');
  return value as string;
}

/** The bundle of an envelope. `hint` is the signer's OpenSSH fingerprint; keyid and hint are made equal, as the format demands. */
export function sigstoreBundle(envelope: Envelope, hint: string): SigstoreBundle {
  return {
    dsseEnvelope: withKeyid(envelope, hint),
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint } },
  };
}

/** Its file: RFC 8785. */
export function sigstoreFile(envelope: Envelope, hint: string): Uint8Array {
  return toUtf8(canonical(sigstoreBundle(envelope, hint) as unknown as Json));
}

/**
 * Reads such a file strictly: canonical, no further members, keyid equal to hint, canonical base64. Each pair of envelope and key has
 * exactly one file. Throws `EVIDENCE_JSON`, `EVIDENCE_NOT_CANONICAL`, `EVIDENCE_SHAPE`, `ENVELOPE_*`.
 */
export function readSigstore(bytes: Uint8Array): { readonly envelope: DecodedEnvelope; readonly hint: string } {
  const bundle = readShape(shape, parseCanonical(parseUtf8(bytes)), 'a Sigstore bundle');
  const { hint } = bundle.verificationMaterial.publicKey;
  const envelope = decodeEnvelope(bundle.dsseEnvelope);
  const exact =
    envelope.keyid === hint &&
    toBase64(envelope.payload) === bundle.dsseEnvelope.payload &&
    toBase64(envelope.signature) === bundle.dsseEnvelope.signatures[0]?.sig;
  if (exact) return { envelope, hint };
  throw new EvidenceError(
    'EVIDENCE_NOT_CANONICAL',
    'keyid, hint or base64 spelling',
    'Use the file as it was written.',
  );
}
