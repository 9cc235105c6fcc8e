import { ApiError } from '../problems/problem';
import type { BodyLimits } from './body-limits';

/** Bytes that one request holds. */
export interface HeldBytes {
  /** Raises what is held to `bytes`. Throws `BODIES_BUSY`, and holds what it held, if there is no room. */
  holdAtLeast(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}

/** How many bytes of large bodies are in work, in all and by tenant. Counts, allocates nothing. */
export class BodyMemory {
  private total = 0;
  private readonly ofTenants = new Map<string, number>();

  constructor(private readonly limits: Pick<BodyLimits, 'memory' | 'tenantMemory'>) {}

  /** Bytes that are held now. */
  get held(): number {
    return this.total;
  }

  /** For one request of a tenant; it holds nothing yet. */
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

/** Too much is in work; later there is room. */
export function tooMany(what: string): ApiError {
  return new ApiError('BODIES_BUSY', `too many ${what} are in progress`);
}
