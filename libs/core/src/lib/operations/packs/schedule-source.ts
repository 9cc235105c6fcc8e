import type { TenantId } from '../../foundation/ids';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { ScheduleSource } from '../../schedule/schedule';
import type { AdmissiblePack } from './admissible-pack';
import { filesAt, type PackFile, type PackSource } from './pack-source';

/** Keeps a pack for ticks to come: its manifest as it was given, its files in the object store. */
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

/** The pack again. Rejects with `OBJECT_MISSING` or `OBJECT_DIGEST_MISMATCH` where a file is not what it was. */
export async function loadSource(objects: ObjectStore, tenant: TenantId, source: ScheduleSource): Promise<PackSource> {
  const files: PackFile[] = [];
  for (const { path, digest, executable } of source.files) {
    const pieces: Uint8Array[] = [];
    for await (const piece of await objects.open(tenant, digest)) pieces.push(piece);
    files.push({ path, bytes: joined(pieces), executable });
  }
  return { manifest: source.manifest, hasLines: source.hasLines, files };
}

async function* piecesOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
