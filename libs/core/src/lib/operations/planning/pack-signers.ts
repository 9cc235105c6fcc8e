import type { TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { PackJudge } from '../packs/pack-judge';
import type { PackPlanner } from './pack-planner';
import type { PackSource } from '../packs/pack-source';

/**
 * The verified signers of a pack before it is planned. They decide which secrets it may have. A pack that cannot be read has no signers.
 */
export async function signersOf(
  judge: PackJudge,
  planner: Pick<PackPlanner, 'describe'>,
  tenant: TenantId,
  source: PackSource,
  signatures: readonly Json[],
): Promise<readonly string[]> {
  if (judge.policy.keys.length === 0) return [];
  const described = await planner.describe(tenant, source);
  if (described.kind === 'refused') return [];
  const { name, version } = described.pack.metadata;
  const { contentDigest } = described;
  return (await judge.judge(tenant, { name, version, contentDigest }, signatures)).signers;
}
