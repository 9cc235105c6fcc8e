import type { Digest } from '../../foundation/ids';
import { openSession, type VerificationSession, type VerifyRequest } from './check/verification-session';
import { answer, CHECK_NAMES, type Check, type CheckName } from './check/check';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { restrictedAuthorityOf } from '../records/builder';
import { CHECKERS } from './checkers';

/** A trusted key with a valid signature. */
export interface Signer {
  readonly what: 'admission' | 'decisions' | 'statement of the run' | 'manifest';
  readonly keyid: string;
}

/** Result of an offline verification. */
export interface Verification {
  /** True only if every check holds. */
  readonly ok: boolean;
  /** The run according to an admission key; null if none signed. */
  readonly run: string | null;
  readonly planHash: Digest | null;
  /** All checks, always, in the order of `CHECK_NAMES`. */
  readonly checks: readonly Check[];
  /** Trusted keys with the valid signatures that they made. */
  readonly signers: readonly Signer[];
  /** The last line of the output for people. */
  readonly summary: string;
  /** The documents that the checks read; null if the bundle cannot be read. Trust them only if `ok`. */
  readonly documents: EvidenceDocuments | null;
}

/** A verification whose checks can be run in parts. Several threads share the work: each opens the same bytes. */
interface OpenVerification {
  /** Runs these checks, each once. Never throws. */
  answer(names: readonly CheckName[]): readonly Check[];
  /** Adds the results of others, runs the remaining checks, and concludes. Never throws. */
  conclude(others?: readonly Check[]): Verification;
}

/**
 * Verifies the evidence bundle of a run (docs/guides/evidence-and-verification.md, Checks and their basis): no network, no clock, no database. It relies only on what trusted keys signed and
 * what follows from that. Never throws because of a bundle's content: a fault is a failed check.
 */
export function verifyRun(request: VerifyRequest): Verification {
  return openVerification(request).conclude();
}

/** Opens a verification. Nothing is read yet. */
export function openVerification(request: VerifyRequest): OpenVerification {
  const bundle = openSession(request);
  const known = new Map<CheckName, Check>();
  const answerOnce = (name: CheckName): Check => {
    const check = known.get(name) ?? answer(name, CHECKERS[name], bundle);
    known.set(name, check);
    return check;
  };
  return {
    answer: (names) => names.map(answerOnce),
    conclude: (others = []) => {
      for (const check of others) known.set(check.name, check);
      return verificationOf(bundle, CHECK_NAMES.map(answerOnce));
    },
  };
}

function verificationOf(bundle: VerificationSession, checks: readonly Check[]): Verification {
  const record = admitted(bundle);
  const ok = checks.every((check) => check.ok);
  return {
    ok,
    run: record?.runId ?? null,
    planHash: record?.planHash ?? null,
    checks,
    signers: signersOf(bundle),
    summary: summaryOf(checks, bundle),
    documents: documentsOf(bundle),
  };
}

function admitted(bundle: VerificationSession): ReturnType<VerificationSession['admission']>['record'] | null {
  try {
    return bundle.admission().record;
  } catch {
    return null;
  }
}

function documentsOf(bundle: VerificationSession): EvidenceDocuments | null {
  try {
    return bundle.documents();
  } catch {
    return null;
  }
}

function signersOf(bundle: VerificationSession): readonly Signer[] {
  const keyids: readonly (readonly [Signer['what'], () => readonly string[]])[] = [
    ['admission', () => [bundle.admission().opened.key.keyid]],
    ['decisions', () => [...bundle.decisions().values()].map(({ key }) => key.keyid)],
    ['statement of the run', () => bundle.packRun().signed.map(({ opened }) => opened.key.keyid)],
    ['manifest', () => [bundle.manifestStatement().opened.key.keyid]],
  ];
  return keyids.flatMap(([what, read]) => {
    try {
      return [...new Set(read())].map((keyid): Signer => ({ what, keyid }));
    } catch {
      return [];
    }
  });
}

function summaryOf(checks: readonly Check[], bundle: VerificationSession): string {
  const failed = checks.filter((check) => !check.ok);
  if (failed.length > 0)
    return `${failed.length} of ${checks.length} checks fail: ${failed.map(({ name }) => name).join(', ')}`;
  const signers = bundle.packRun().signed.map(({ opened }) => opened.key.keyid);
  const expected = checks.find(({ name }) => name === 'expectation');
  const restricted = restrictedAuthorityOf(bundle.packRun().statement.predicate.builder);
  const keys =
    restricted === null
      ? ''
      : `${restricted.keys} (accepted because of ${restricted.option}; no proof about production): `;
  const signed = `self-consistent, signed by ${keys}${signers.join(', ')}`;
  return expected?.basis === 'recomputed'
    ? `${signed}; equal to what was expected: ${expected.detail}`
    : `${signed}; nothing was compared with an expected run, plan or pack`;
}
