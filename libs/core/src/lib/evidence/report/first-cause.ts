import type { Check, CheckName } from '../check/check';
import { remedyOf } from './remedies';

/** Why a verification fails, the first cause before what follows from it. */
export interface FirstCause {
  readonly check: CheckName;
  readonly detail: string;
  /** What to do. */
  readonly remedy: string;
  /** Checks that could not be made, or fail, for the same reason. */
  readonly dependent: readonly CheckName[];
  /** Checks that fail for other reasons, in their order. */
  readonly others: readonly Check[];
}

/**
 * The first check that fails, and what depends on it. A check that needs a document fails with that document's error, so equal
 * details have one cause; without any readable file every check fails because of the archive. Null if all checks hold.
 */
export function firstCause(checks: readonly Check[], hasFiles = true): FirstCause | null {
  const failed = checks.filter(({ ok }) => !ok);
  const [first, ...rest] = failed;
  if (first === undefined) return null;
  const follows = ({ detail }: Check): boolean => detail === first.detail || !hasFiles;
  return {
    check: first.name,
    detail: first.detail,
    remedy: remedyOf(first),
    dependent: rest.filter(follows).map(({ name }) => name),
    others: rest.filter((check) => !follows(check)),
  };
}
