import type { Check, CheckName } from '../verify/check/check';
import { remedyOf } from './remedies';

/** Why a verification fails: the first cause, separated from its consequences. */
export interface FirstCause {
  readonly check: CheckName;
  readonly detail: string;
  /** What to do. */
  readonly remedy: string;
  /** Checks that fail or cannot run for the same reason or as a consequence of it. */
  readonly dependent: readonly CheckName[];
  /** Checks that fail for other reasons, in their order. */
  readonly others: readonly Check[];
}

/** Checks that do not read the bundle's statements. They do not fail because a bundle is damaged. */
const OF_THEIR_OWN: ReadonlySet<CheckName> = new Set(['trust.current', 'time.basis', 'expectation', 'pack.signers']);

/** A check could not run, for any reason. */
const UNREADABLE = /^(?:EVIDENCE|ENVELOPE)_|malformed/;

/** The bundle was changed after it was sealed. Other checks then fail as a consequence. */
function isDamage({ name, detail }: Check): boolean {
  if (name === 'manifest.complete') return / differs$| is not in the manifest$|^EVIDENCE_FILE_MISSING/.test(detail);
  return (
    name === 'manifest.signature' &&
    /^the statement is not about|^(?:EVIDENCE|ENVELOPE)_(?!UNTRUSTED)|malformed/.test(detail)
  );
}

/**
 * The first check that fails, with the checks that depend on it. A check that needs a document fails with that document's error, so equal
 * details mean the same cause. If no file is readable, every check fails because of the archive. In a bundle that was changed after
 * sealing, most checks fail because of the change. Null if all checks hold.
 */
export function firstCause(checks: readonly Check[], hasFiles = true): FirstCause | null {
  const failed = checks.filter(({ ok }) => !ok);
  const [first, ...rest] = failed;
  if (first === undefined) return null;
  const damaged = isDamage(first);
  const follows = ({ name, detail }: Check): boolean =>
    detail === first.detail || !hasFiles || (damaged && (!OF_THEIR_OWN.has(name) || UNREADABLE.test(detail)));
  return {
    check: first.name,
    detail: first.detail,
    remedy: remedyOf(first),
    dependent: rest.filter(follows).map(({ name }) => name),
    others: rest.filter((check) => !follows(check)),
  };
}

/** All causes, the first one first, each detail once. */
export function causesOf(checks: readonly Check[], hasFiles = true): readonly FirstCause[] {
  const cause = firstCause(checks, hasFiles);
  return cause === null ? [] : [cause, ...causesOf(cause.others, hasFiles)];
}
