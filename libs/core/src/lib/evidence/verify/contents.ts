import type { EvidenceDocuments } from '../records/evidence-documents';
import type { TrustedKey, TrustFile } from '../encoding/trust';
import { answer, type Check, type CheckName } from './check/check';
import { openSession, type VerificationSession, type VerifyRequest } from './check/verification-session';
import { CHECKERS } from './checkers';

/**
 * The checks that compare the documents of a bundle with each other. They hold of every bundle that is complete and consistent, whoever made
 * it. The other checks need to know whom to trust.
 */
export const CONTENT_CHECKS: readonly CheckName[] = [
  'archive.safe',
  'manifest.complete',
  'admission.agrees',
  'pack.content',
  'plan.hash',
  'profile.digest',
  'probes',
  'inputs.digest',
  'journal.chain',
  'journal.replay',
  'answers',
  'logs.digest',
  'gates.requests',
  'decisions.time',
  'effects.gated',
  'policies',
  'egress.within',
  'artifacts.index',
  'artifacts.bytes',
  'statement.agrees',
  'provenance.agrees',
  'exceptions',
];

const ALWAYS = { start: '0000-01-01T00:00:00.000Z', end: '9999-12-31T23:59:59.999Z' };
/** In place of every key. Its name ends up in the details of checks. */
const ANYBODY: TrustedKey = {
  keyid: 'a key that was matched to nobody',
  algorithm: 'ed25519',
  spki: '',
  usages: ['admission', 'ledger', 'run-open', 'run-sealed', 'bundle', 'checkpoint', 'pack', 'summary'],
  builders: ['*'],
  tenants: ['*'],
  validFor: ALWAYS,
  revoked: null,
};
const NO_TRUST: TrustFile = {
  schema: 'taskrunner.trust.v1',
  id: 'none',
  serial: 0,
  issued: ALWAYS.start,
  expires: ALWAYS.end,
  keys: [ANYBODY],
  issuers: [],
  approvers: [],
  timestampAuthorities: [],
  require: {
    mode: 'any',
    proof: 'service',
    time: 'asserted',
    checkpoints: false,
    minApprovals: 0,
    packSigners: 0,
    answers: false,
    builds: [],
    signatures: { run: 0 },
  },
};

/** What can be said of a bundle without trusting anybody. It is no verification. */
export interface ContentFindings {
  /** Those of `CONTENT_CHECKS`, in their order. What a signature would prove is `asserted` here. */
  readonly checks: readonly Check[];
  /** Null if the bundle cannot be read. */
  readonly documents: EvidenceDocuments | null;
}

/**
 * Checks a bundle without a trust file: whether it is complete and consistent. No signature is checked, so whoever can write a bundle can write
 * one that passes. Never throws because of a bundle's content.
 */
export function checkContents(
  request: Pick<VerifyRequest, 'files' | 'archiveFaults' | 'policyEngines'>,
): ContentFindings {
  const bundle = openSession({ ...request, trust: NO_TRUST, verifySignature: () => true }, 'anybody');
  const checks = CONTENT_CHECKS.map((name) => unsigned(answer(name, CHECKERS[name], bundle)));
  return { checks, documents: documentsOf(bundle) };
}

function unsigned(check: Check): Check {
  return check.basis === 'signed' ? { ...check, basis: 'asserted' } : check;
}

function documentsOf(bundle: VerificationSession): EvidenceDocuments | null {
  try {
    return bundle.documents();
  } catch {
    return null;
  }
}
