export { chainFault, readAuditExport, readCheckpointFile, type AuditEntry } from './audit/audit-chain';
export { verifyAudit } from './audit/verify-audit';
export type { AuditVerification } from './audit/verify-audit';
export { restrictedAuthorityOf } from './records/builder';
export { statedOutcome } from './records/stated-outcome';
export type { ArchivedChunk, BundlePart, RunArchive, StatementParts } from './bundle/archive';
export {
  attestationFiles,
  buildBundleStatement,
  MANIFEST as BUNDLE_MANIFEST,
  statementPayload,
  type BundleFile,
  type RunAttestations,
  type SignedStatement,
} from './bundle/bundle-files';
export { decodeEnvelope, preAuthEncoding, sealEnvelope, type Envelope, type KeyUsage } from './encoding/envelope';
export { EvidenceError } from './encoding/evidence-error';
export type { KeyRing, VerificationKey, VerifySignature } from './encoding/open-envelope';
export { isStrictEd25519 } from './encoding/ed25519';
export { algorithmOf, fingerprint, rawToDer } from './encoding/public-key';
export { verifySignature } from './encoding/signature';
export { sigstoreBundle, type SigstoreBundle } from './encoding/sigstore';
export { readTrust, type TrustedKey, type TrustFile } from './encoding/trust';
export { TRUST_HELP, trustFaults } from './encoding/trust-faults';
export { bomStatements } from './predicates/cyclonedx';
export type {
  AdmissionRecord,
  BundleManifest,
  DecisionRecord,
  ResolutionOutcome,
  ResolutionRecord,
} from './records/documents';
export type { EvidenceDocuments } from './records/evidence-documents';
export { readProbe } from './records/probe-document';
export { readManifest, readCheckpoint } from './records/read-documents';
export { ARTIFACT_WITHHELD } from './records/withheld-by-journal';
export { answerLines } from './report/answer-lines';
export { buildReport, shortContentsOf, type ReportRequest } from './report/build-report';
export { cancellationOf } from './report/cancellation';
export { firstCause } from './report/first-cause';
export { countedApprovals, decisionNote, decisionWord, outcomeWord } from './report/gate-words';
export { renderHtml } from './report/html';
export { renderMarkdown } from './report/markdown';
export type { Report, WorkingPaper } from './report/report';
export { layoutOf } from './report/layout';
export type { Block, Section, Words } from './report/page';
export { serviceCaveat } from './report/service-caveat';
export { unapprovedSteps, type UnapprovedSteps } from './report/unapproved-steps';
export { NOT_PROVEN, residualsOf, type Residual } from './report/residuals';
export { visibleLine, visibleText } from '../foundation/visible-text';
export {
  CONTENT_MANIFEST,
  CONTENT_PAYLOAD_TYPE,
  contentDifference,
  openContentManifest,
  type ContentManifest,
} from './statement/content-manifest';
export { buildPackStatement } from './statement/pack-signature';
export { basesInWords, CHECK_NAMES, type Check, type CheckName } from './verify/check/check';
export type { Expectation, VerifyRequest } from './verify/check/verification-session';
export { verifyDraft, assertedFile, draftFiles, isStatementOf } from './verify/draft';
export { checkContents, CONTENT_CHECKS, type ContentFindings } from './verify/contents';
export { openVerification, verifyRun, type Verification } from './verify/verify-run';
export { PAYLOAD_TYPE } from './records/documents';
export { buildProvenance } from './predicates/provenance';
export { buildStatement } from './statement/statement';
export { buildSummary } from './predicates/summary';
export { readAssertedJson } from './bundle/read-bundle';
