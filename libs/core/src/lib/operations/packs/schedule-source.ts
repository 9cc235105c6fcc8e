import type { TenantId } from '../../foundation/ids';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { ScheduleSource } from '../../schedule/schedule';
import type { AdmissiblePack } from './admissible-pack';
import { filesAt, type PackFile, type PackSource } from './pack-source';
import { collectBytes, piecesOf } from '../work/byte-pieces';

/** Stores a pack for future ticks: its manifest as given, and its files in the object store. */
export async function keepSource(
  objects: ObjectStore,
  tenant: TenantId,
  source: PackSource,
  planning: AdmissiblePack,
): Promise<ScheduleSource> {
  const files: ScheduleSource['files'][number][] = [];
  for (const { path, bytes, executable } of filesAt(planning.packed, source)) {
    const { digest, size } = await objects.put(tenant, piecesOf(bytes), { maxBytes: bytes.length });
    files.push({ path, digest, size, executable });
  }
  return { kind: 'inline', manifest: source.manifest, hasLines: source.hasLines, files };
}

/** Loads the pack. Rejects with `OBJECT_MISSING` or `OBJECT_DIGEST_MISMATCH` if a file has changed. */
export async function loadSource(objects: ObjectStore, tenant: TenantId, source: ScheduleSource): Promise<PackSource> {
  const files: PackFile[] = [];
  for (const { path, digest, executable } of source.files) {
    files.push({ path, bytes: await collectBytes(await objects.open(tenant, digest)), executable });
  }
  return { manifest: source.manifest, hasLines: source.hasLines, files };
}
