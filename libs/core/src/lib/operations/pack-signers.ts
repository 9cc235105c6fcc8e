import type { TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { contentDigest } from '../pack/pack-digest';
import { readPack } from '../pack/read-pack';
import type { PackJudge } from './pack-judge';
import { packFilesOf, type PackSource } from './pack-source';

/** Who verifiably signed a pack, before it is planned: that decides which secrets it may have. A pack that cannot be read has no signers. */
export async function signersOf(
  judge: PackJudge,
  tenant: TenantId,
  source: PackSource,
  signatures: readonly Json[],
): Promise<readonly string[]> {
  if (judge.policy.keys.length === 0) return [];
  const files = packFilesOf(source.files);
  const reading = readPack(source.manifest, files);
  if (reading.kind === 'refused') return [];
  const { name, version } = reading.pack.metadata;
  const pack = { name, version, contentDigest: contentDigest(reading.pack, files) };
  return (await judge.judge(tenant, pack, signatures)).signers;
}
