import type { Refusal } from '@taskrunner/core/operations';
import type { Environment } from '@taskrunner/core/plan';
import type { ClaimedRun } from '@taskrunner/core/ports';

const UNENFORCEABLE: Refusal = {
  code: 'SEALED_UNENFORCEABLE',
  message: 'the run is sealed, but no live worker can seal',
};

const UNPLACED: Refusal = {
  code: 'PROFILE_MISMATCH',
  message: 'the run requires labels that no live worker has had for limits.profileWait',
};

/** Why a run ends that no living worker can serve. `sealedIsolations`: the sandbox profiles of sealed runs. */
export function refusalOf({ environment, unhonoured }: ClaimedRun, sealedIsolations: readonly string[]): Refusal {
  if (unhonoured === undefined) return UNPLACED;
  const { isolation } = JSON.parse(environment) as Environment;
  const isUnsealed = sealedIsolations.includes(isolation) && unhonoured.split(',').includes('isolation');
  if (isUnsealed) return UNENFORCEABLE;
  return {
    code: 'PROFILE_MISMATCH',
    message: `no live worker can provide the environment of the run: ${unhonoured}`,
  };
}
