import type { Digest } from '../../foundation/ids';
import { isJsonObject, type Json } from '../../foundation/json';
import { PAYLOAD_TYPE } from '../records/documents';
import { decodeEnvelope, preAuthEncoding, type DecodedEnvelope } from '../encoding/envelope';
import { EvidenceError } from '../encoding/evidence-error';
import type { VerificationKey, VerifySignature } from '../encoding/open-envelope';
import { fingerprint } from '../encoding/public-key';
import { PREDICATE, STATEMENT_TYPE, type Statement } from './statement';
import { parseStrictJson, parseUtf8 } from '../encoding/strict-json';

/** The pack that a publisher's signature covers. */
export interface SignedPack {
  readonly name: string;
  readonly version: string;
  readonly contentDigest: Digest;
}

/** The predicate `https://stellaops.io/attestation/pack/v1`. */
type PackPredicate = { readonly name: string; readonly version: string };

/**
 * What a publisher signs with a key of usage `pack`: in-toto Statement v1. `subject[0]` is the content, independent of the manifest's
 * format. If there is an archive, it is the second subject, for tools that compare with a file.
 */
export function buildPackStatement(pack: SignedPack, archive: Digest | null): Statement<PackPredicate> {
  const { name, version, contentDigest } = pack;
  const subjectOf = (what: string, digest: Digest) => ({ name: what, digest: { sha256: digest.slice(7) } });
  return {
    _type: STATEMENT_TYPE,
    subject: [
      subjectOf(`${name}:${version}`, contentDigest),
      ...(archive === null ? [] : [subjectOf(`${name}-${version}.tar`, archive)]),
    ],
    predicateType: PREDICATE.pack,
    predicate: { name, version },
  };
}

/** A publisher's signature as received, not yet verified. */
export interface PackSignature {
  readonly envelope: DecodedEnvelope;
  /** The fingerprint that it claims; only a hint. */
  readonly hint: string;
  readonly about: SignedPack;
}

/**
 * Reads a publisher's signature: a Sigstore bundle with a public key, or a bare DSSE envelope. Null for a statement about something other
 * than a pack (provenance, an SBOM), which is ignored. Throws an `EvidenceError` if it is malformed.
 */
export function readPackSignature(document: Json): PackSignature | null {
  const isBundle = isJsonObject(document) && 'dsseEnvelope' in document;
  const envelope = decodeEnvelope(isBundle ? (document['dsseEnvelope'] as Json) : document);
  if (envelope.payloadType !== PAYLOAD_TYPE.statement) return null;
  const statement = parseStrictJson(parseUtf8(envelope.payload));
  if (!isJsonObject(statement) || statement['predicateType'] !== PREDICATE.pack) return null;
  const { _type, subject, predicate } = statement as Partial<Statement<PackPredicate>>;
  const content: unknown = subject?.[0]?.digest?.sha256;
  const { name, version } = isJsonObject(predicate) ? predicate : {};
  if (
    _type !== STATEMENT_TYPE ||
    typeof content !== 'string' ||
    !/^[0-9a-f]{64}$/.test(content) ||
    typeof name !== 'string' ||
    typeof version !== 'string'
  ) {
    const help = 'Sign the pack again with `taskrunner pack sign`.';
    throw new EvidenceError('EVIDENCE_SHAPE', 'the statement of a pack signature is malformed', help);
  }
  return { envelope, hint: envelope.keyid, about: { name, version, contentDigest: `sha256:${content}` as Digest } };
}

/** The key that made a signature; null if no key of the ring did. The hinted key is tried, or every key if there is no hint. */
export function signerOf<Key extends VerificationKey>(
  { envelope, hint }: PackSignature,
  keys: readonly Key[],
  verifySignature: VerifySignature,
): Key | null {
  const data = preAuthEncoding(envelope.payloadType, envelope.payload);
  return (
    keys.find(
      ({ spki, algorithm }) =>
        (hint === '' || hint === fingerprint(spki)) && verifySignature(spki, algorithm, data, envelope.signature),
    ) ?? null
  );
}
