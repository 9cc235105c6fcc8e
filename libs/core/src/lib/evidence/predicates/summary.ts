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

/** Who verified, when, and by which trust file. */
export interface Verifier {
  readonly id: string;
  readonly at: string;
  readonly policy: { readonly uri: string; readonly digest: Digest };
}

/** What a remote Attestor says of a run that succeeded and whose draft it verified; null for any other run. */
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
      // Signed provenance from a hosted platform; isolation between runs is the mode's business, not this level's.
      verifiedLevels: ['SLSA_BUILD_LEVEL_2'],
      slsaVersion: '1.0',
    },
  };
}
