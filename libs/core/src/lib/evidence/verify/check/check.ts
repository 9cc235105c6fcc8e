import { isCodedError } from '../../../foundation/coded-error';
import { CheckFailed, type VerificationSession } from './verification-session';

/** Basis of a check's result. */
export type Basis =
  /** The verifier derived it itself. */
  | 'recomputed'
  /** A trusted key signed it. */
  | 'signed'
  /** Somebody asserts it, and nothing proves it. */
  | 'asserted'
  /** The bundle contains nothing of the kind. */
  | 'absent';

/** Result of one check, under its stable name. */
export interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly basis: Basis;
  readonly detail: string;
}

/** All checks, in the order in which they run (docs/guides/evidence-and-verification.md, Checks and their basis). */
export const CHECK_NAMES = [
  'archive.safe',
  'manifest.signature',
  'manifest.complete',
  'trust.current',
  'trust.keys',
  'time.basis',
  'expectation',
  'admission.signature',
  'admission.agrees',
  'pack.content',
  'pack.signers',
  'plan.hash',
  'profile.digest',
  'probes',
  'inputs.digest',
  'journal.chain',
  'journal.replay',
  'answers',
  'logs.digest',
  'gates.requests',
  'decisions.signature',
  'decisions.proof',
  'decisions.people',
  'decisions.time',
  'effects.gated',
  'steps.reused',
  'policies',
  'egress.within',
  'artifacts.index',
  'artifacts.bytes',
  'statement.shape',
  'statement.agrees',
  'provenance.agrees',
  'checkpoints',
  'exceptions',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** Finding of a check that holds. A check that does not hold throws. */
export interface Found {
  readonly basis: Basis;
  readonly detail: string;
}

/** A check. It is total: whatever a hostile bundle makes it throw becomes its result. */
export type Checker = (bundle: VerificationSession) => Found;

/** It holds. */
export function found(basis: Basis, detail: string): Found {
  return { basis, detail };
}

/** Runs a check. An exception that a malformed bundle causes is a failed check, not an error. */
export function answer(name: CheckName, check: Checker, bundle: VerificationSession): Check {
  try {
    return { name, ok: true, ...check(bundle) };
  } catch (error) {
    return { name, ok: false, basis: 'recomputed', detail: reason(error) };
  }
}

function reason(error: unknown): string {
  if (CheckFailed.is(error)) return error.message;
  if (isCodedError(error)) return `${error.code}: ${error.message}`;
  return `the bundle is malformed (${error instanceof Error ? error.name : 'unknown'})`;
}

/** Number of successful checks by basis: `20 recomputed, 9 signed, 3 asserted, 3 absent`. */
export function basesInWords(checks: readonly Check[]): string {
  const bases: readonly Basis[] = ['recomputed', 'signed', 'asserted', 'absent'];
  return bases
    .map((basis) => `${checks.filter((check) => check.ok && check.basis === basis).length} ${basis}`)
    .join(', ');
}
