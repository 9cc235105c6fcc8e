import type { Digest } from '@taskrunner/core/foundation';

/** Caches bytes by digest: the most recently used ones, up to a total size. Entries are immutable, so they never become stale. */
export class ByteCache {
  private readonly held = new Map<Digest, Uint8Array>();
  private size = 0;

  constructor(private readonly maxBytes: number) {}

  async get(digest: Digest, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.held.get(digest);
    const bytes = known ?? (await load());
    if (bytes.length > this.maxBytes) return bytes;
    // The most recently used entry is last.
    if (this.held.delete(digest)) this.size -= bytes.length;
    this.held.set(digest, bytes);
    this.size += bytes.length;
    for (const [oldest, dropped] of this.held) {
      if (this.size <= this.maxBytes) break;
      this.held.delete(oldest);
      this.size -= dropped.length;
    }
    return bytes;
  }
}
