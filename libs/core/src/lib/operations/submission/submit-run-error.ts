import { CodedError } from '../../foundation/coded-error';
import type { Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { Receipt } from '../../plan/plan-request';
import type { PackTrustCode } from '../../publisher/pack-trust';

/** Reasons why a submission is refused. */
export type SubmitRunCode =
  /** The pack has faults of its own. */
  | 'PACK_INVALID'
  /** The pack has faults with these inputs or in this installation. */
  | 'PLAN_INVALID'
  /** The run would be sealed, and no living worker supports sealed mode. */
  | 'SEALED_UNENFORCEABLE'
  /** The plan hash differs from the given one. */
  | 'PLAN_HASH_MISMATCH'
  /** The profile digest differs from the given one. */
  | 'PROFILE_MISMATCH'
  /** No trusted publisher signed the pack. */
  | PackTrustCode
  /** The idempotency key was used with another body. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The run that the first request with this idempotency key created does not exist any more. */
  | 'IDEMPOTENCY_RUN_GONE'
  /** Another run of the pack's concurrency group is active, and the pack's policy is to refuse. */
  | 'CONCURRENCY_GROUP_HELD'
  /** The upload does not exist, belongs to another tenant or has expired. */
  | 'UPLOAD_MISSING';

/** A submission was refused. */
export class SubmitRunError extends CodedError<SubmitRunCode> {
  static {
    this.brand('SubmitRunError');
  }

  override readonly name = 'SubmitRunError';
}

/** The plan hash differs from the given one. The error carries the actual plan, so that the caller can find the difference. */
export class PlanHashMismatch extends SubmitRunError {
  static {
    this.brand('PlanHashMismatch');
  }

  constructor(
    readonly planHash: Digest,
    readonly receipt: Receipt,
    faults: readonly Fault[],
    /** Digest of the profile of this plan. */
    readonly profileDigest: Digest | null = null,
  ) {
    const differing = faults.map(({ path }) => path.slice(1)).join(', ');
    const detail = differing === '' ? 'the plan does not match the given hash' : `${differing} differ`;
    super('PLAN_HASH_MISMATCH', detail, 'Plan the pack again and compare the receipts.', faults);
  }
}

/** The environment differs from that of the schedule: limits, defaults, isolation or floors. */
export class ProfileMismatch extends SubmitRunError {
  static {
    this.brand('ProfileMismatch');
  }

  constructor(
    readonly profileDigest: Digest,
    readonly planHash: Digest,
  ) {
    const detail = 'the profile does not match the given digest';
    super('PROFILE_MISMATCH', detail, 'Compare the profiles, then confirm the new one.');
  }
}

/** The error for a pack that cannot run, with or without these inputs. */
export function invalidPack(code: 'PACK_INVALID' | 'PLAN_INVALID', faults: readonly Fault[]): SubmitRunError {
  const count = faults.length === 1 ? 'one error' : `${faults.length} errors`;
  const areInputs =
    faults.length > 0 && faults.every(({ path, file }) => file === undefined && path.startsWith('/inputs/'));
  const what = areInputs ? 'the inputs have' : 'the pack has';
  return new SubmitRunError(code, `${what} ${count}`, 'Correct the errors listed in `errors`.', faults);
}
