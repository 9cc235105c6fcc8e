import { ApiError } from '../problems/problem';
import type { BodyLimits } from './body-limits';

/** Bytes reserved by one request. */
export interface HeldBytes {
  /** Raises the reservation to `bytes`. Throws `BODIES_BUSY` and leaves it unchanged if there is no room. */
  holdAtLeast(bytes: number): void;
  /** Releases the reservation. */
  release(): void;
}

/** Counts the bytes of large bodies in progress, in all and by tenant. It allocates nothing. */
export class BodyMemory {
  private total = 0;
  private readonly ofTenants = new Map<string, number>();

  constructor(private readonly limits: Pick<BodyLimits, 'memory' | 'tenantMemory'>) {}

  /** Reserved bytes. */
  get held(): number {
    return this.total;
  }

  /** A new, empty reservation for one request of a tenant. */
  open(tenant: string): HeldBytes {
    let own = 0;
    const holdAtLeast = (bytes: number): void => {
      const more = bytes - own;
      if (more <= 0) return;
      const ofTenant = (this.ofTenants.get(tenant) ?? 0) + more;
      if (ofTenant > this.limits.tenantMemory) throw tooMany('large bodies of this tenant');
      if (this.total + more > this.limits.memory) throw tooMany('large bodies');
      this.total += more;
      this.ofTenants.set(tenant, ofTenant);
      own = bytes;
    };
    const release = (): void => {
      this.total -= own;
      const left = (this.ofTenants.get(tenant) ?? 0) - own;
      if (left > 0) this.ofTenants.set(tenant, left);
      else this.ofTenants.delete(tenant);
      own = 0;
    };
    return { holdAtLeast, release };
  }
}

/** Too many bytes are in progress; a later request may succeed. */
export function tooMany(what: string): ApiError {
  return new ApiError('BODIES_BUSY', `too many ${what} are in progress`);
}
