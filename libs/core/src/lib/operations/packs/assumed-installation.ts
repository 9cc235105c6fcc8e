import type { PlanConfiguration } from '../../plan/plan-request';
import type { ReadPack } from '../../pack/read-pack';

/**
 * What only an installation can know, assumed to be as a pack requires: its grants exist, and its secrets are bound. The plan hash depends on
 * none of it. `grants`: those that exist in any case.
 */
export function assumedFor(
  read: ReadPack | undefined,
  grants: readonly string[],
): Pick<PlanConfiguration, 'grants' | 'secrets'> {
  if (read === undefined) return { grants, secrets: {} };
  const { approvals, secrets } = read.pack.spec;
  return {
    grants: [...new Set([...grants, ...approvals.flatMap((approval) => approval.grants)])],
    secrets: Object.fromEntries(secrets.map(({ name }) => [name, { provider: 'assumed', requireGate: false }])),
  };
}
