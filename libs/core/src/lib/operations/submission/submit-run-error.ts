import { CodedError } from '../../foundation/coded-error';
import type { Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { Receipt } from '../../plan/plan-request';
import type { PackTrustCode } from '../../publisher/pack-trust';

/** Why a run is not accepted. */
export type SubmitRunCode =
  /** The pack as written is wrong: see the faults. */
  | 'PACK_INVALID'
  /** The pack cannot run with these inputs here: see the faults. */
  | 'PLAN_INVALID'
  /** The run would be sealed, and no worker that is there can seal. */
  | 'SEALED_UNENFORCEABLE'
  /** The plan is not the one whose hash was given. */
  | 'PLAN_HASH_MISMATCH'
  /** The environment is not the one whose digest was given. */
  | 'PROFILE_MISMATCH'
  /** Nobody who is trusted stands behind the pack. */
  | PackTrustCode
  /** The key came before with another body. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** Another run of the pack's concurrency group is under way, and the pack says that runs are then refused. */
  | 'CONCURRENCY_GROUP_HELD'
  /** The pack is no upload of this tenant, or one that has expired. */
  | 'UPLOAD_MISSING';

/** A run that is not accepted. */
export class SubmitRunError extends CodedError<SubmitRunCode> {
  static {
    this.brand('SubmitRunError');
  }

  override readonly name = 'SubmitRunError';
}

/** The plan differs from the hash given: with what it is here, so that the caller can see where. */
export class PlanHashMismatch extends SubmitRunError {
  static {
    this.brand('PlanHashMismatch');
  }

  constructor(
    readonly planHash: Digest,
    readonly receipt: Receipt,
    faults: readonly Fault[],
    /** Of the environment that it was planned in. */
    readonly profileDigest: Digest | null = null,
  ) {
    const differing = faults.map(({ path }) => path.slice(1)).join(', ');
    const detail = differing === '' ? 'the plan does not match the given hash' : `${differing} differ`;
    super('PLAN_HASH_MISMATCH', detail, 'Plan the pack again and compare the receipts.', faults);
  }
}

/** The environment of runs here has changed: its limits, defaults, isolation or floors. */
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

/** A pack, or a pack with inputs, that cannot run. */
export function invalidPack(code: 'PACK_INVALID' | 'PLAN_INVALID', faults: readonly Fault[]): SubmitRunError {
  const count = faults.length === 1 ? 'one error' : `${faults.length} errors`;
  return new SubmitRunError(code, `the pack has ${count}`, 'Correct the errors listed in `errors`.', faults);
}
