import type { Digest } from '../../foundation/ids';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { buildStatement, PREDICATE, type Statement } from '../statement/statement';

/** SLSA Verification Summary Attestation v1 (`https://slsa.dev/verification_summary/v1`). */
export type VerificationSummary = {
  readonly verifier: { readonly id: string };
  /** RFC 3339, the verifier's clock. */
  readonly timeVerified: string;
  readonly resourceUri: string;
  readonly policy: { readonly uri: string; readonly digest: { readonly sha256: string } };
  readonly inputAttestations: readonly { readonly uri: string; readonly digest: { readonly sha256: string } }[];
  readonly verificationResult: 'PASSED';
  readonly verifiedLevels: readonly string[];
  readonly slsaVersion: '1.0';
};

/** The verifier, the time, and the trust file. */
export interface Verifier {
  readonly id: string;
  readonly at: string;
  readonly policy: { readonly uri: string; readonly digest: Digest };
}

/** The summary that a remote Attestor issues for a succeeded run whose draft it verified; null for any other run. */
export function buildSummary(
  documents: EvidenceDocuments,
  statement: Digest,
  verifier: Verifier,
): Statement<VerificationSummary> | null {
  const { _type, subject, predicate } = buildStatement(documents);
  if (predicate.run.result !== 'succeeded') return null;
  return {
    _type,
    subject,
    predicateType: PREDICATE.summary,
    predicate: {
      verifier: { id: verifier.id },
      timeVerified: verifier.at,
      resourceUri: `taskpack-run:${predicate.run.id}`,
      policy: { uri: verifier.policy.uri, digest: { sha256: verifier.policy.digest.slice(7) } },
      inputAttestations: [{ uri: 'attestations/pack-run.sigstore.json', digest: { sha256: statement.slice(7) } }],
      verificationResult: 'PASSED',
      // Level 2 requires signed provenance from a hosted platform. Isolation between runs depends on the mode and is no part of this level.
      verifiedLevels: ['SLSA_BUILD_LEVEL_2'],
      slsaVersion: '1.0',
    },
  };
}
