import type { Digest, TenantId } from '../../foundation/ids';
import type { ObjectStore } from '../../ports/objects/object-store';

/** The text of a stored object; every read is hashed (`OBJECT_DIGEST_MISMATCH`). */
export async function readObject(
  objects: Pick<ObjectStore, 'open'>,
  tenant: TenantId,
  digest: Digest,
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const part of await objects.open(tenant, digest)) text += decoder.decode(part, { stream: true });
  return text + decoder.decode();
}
