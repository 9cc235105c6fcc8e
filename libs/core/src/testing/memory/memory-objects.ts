import { sha256 } from '../../lib/canonical/digest';
import { CodedError } from '../../lib/foundation/coded-error';
import type { Digest, TenantId } from '../../lib/foundation/ids';
import { ObjectStoreHealth } from '../../lib/operations/objects/object-store-health';
import type { StepStorage } from '../../lib/ports/step/executor';
import { ObjectStore, type PutOptions } from '../../lib/ports/objects/object-store';

/** Objects in memory, by tenant and digest. */
export class MemoryObjects extends ObjectStore {
  constructor(private readonly bytes = new Map<string, Uint8Array>()) {
    super();
  }

  async put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ digest: Digest; size: number }> {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    const bytes = Buffer.concat(parts);
    const digest = sha256(bytes);
    if (options.expected && options.expected !== digest)
      throw new CodedError('OBJECT_DIGEST_MISMATCH', 'digest', 'send it again');
    this.bytes.set(`${tenant}/${digest}`, bytes);
    return { digest, size: bytes.length };
  }
  async open(tenant: TenantId, digest: Digest): Promise<AsyncIterable<Uint8Array>> {
    const bytes = this.bytes.get(`${tenant}/${digest}`);
    if (!bytes) throw new CodedError('OBJECT_MISSING', 'missing', 'put it');
    return (async function* () {
      if (sha256(bytes) !== digest) throw new CodedError('OBJECT_DIGEST_MISMATCH', 'altered', 'put it again');
      yield bytes;
    })();
  }
  async stat(tenant: TenantId, digest: Digest): Promise<{ size: number } | null> {
    const bytes = this.bytes.get(`${tenant}/${digest}`);
    return bytes ? { size: bytes.length } : null;
  }
  async delete(tenant: TenantId, digest: Digest): Promise<boolean> {
    return this.bytes.delete(`${tenant}/${digest}`);
  }
  async probe(): Promise<void> {
    // Memory stores everything that is written.
  }
  async sweep(): Promise<number> {
    return 0;
  }
}

/** Watches a store as a worker does, and tells nobody. */
export function healthOf(
  store: Pick<ObjectStore, 'probe'>,
  intervalMs = 1,
  monotonicMs = (): number => performance.now(),
): ObjectStoreHealth {
  return new ObjectStoreHealth({ store, probeBytes: 1, intervalMs, monotonicMs, onChange: () => undefined });
}

/** For an execution whose object store is always available: everything is tried once. */
export const STEADY_STORAGE: StepStorage = { read: (open) => open(), keep: (work) => work() };
