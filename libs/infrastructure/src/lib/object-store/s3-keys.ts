import { isDigest, isTenantId, type Digest, type TenantId } from '@taskrunner/core/foundation';

/**
 * Keys in the bucket. Objects: `<prefix>t/<tenant>/sha256/<64 digits>`. Our own notes are under `<prefix>x/`, where readers of objects
 * never see them.
 */
export class S3Keys {
  constructor(private readonly prefix: string) {}

  /** Prefix of the objects of all tenants. */
  get tenants(): string {
    return `${this.prefix}t/`;
  }

  object(tenant: TenantId, digest: Digest): string {
    if (!isTenantId(tenant) || !isDigest(digest)) throw new TypeError('not a tenant and a digest');
    return `${this.objects(tenant)}${digest.slice('sha256:'.length)}`;
  }

  objects(tenant: TenantId): string {
    if (!isTenantId(tenant)) throw new TypeError('not a tenant');
    return `${this.tenants}${tenant}/sha256/`;
  }

  /** The digest in the key of an object; null for other keys. */
  digestIn(key: string): Digest | null {
    const digest = `sha256:${key.slice(key.lastIndexOf('/') + 1)}`;
    return isDigest(digest) ? digest : null;
  }

  /** Prefix of collectors' marks on an object. */
  marks(tenant: TenantId, digest: Digest): string {
    return `${this.prefix}x/condemned/${tenant}/${digest.slice('sha256:'.length)}/`;
  }

  get allMarks(): string {
    return `${this.prefix}x/condemned/`;
  }

  /** Key of the id of the store. */
  get identity(): string {
    return `${this.prefix}x/identity`;
  }

  /** Prefix of notes of multipart uploads in progress. */
  get multiparts(): string {
    return `${this.prefix}x/multipart/`;
  }

  /** Prefix of test objects, which are deleted immediately. */
  get probes(): string {
    return `${this.prefix}x/probe/`;
  }
}
