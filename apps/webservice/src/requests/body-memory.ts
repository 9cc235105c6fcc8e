import { ApiError } from '../problems/problem';
import type { BodyLimits } from './body-limits';

/** Whose body it is. */
interface BodyOwner {
  readonly tenant: string;
  /** Identifies the person or program within the tenant. */
  readonly person: string;
}

/** Bytes reserved by one request. */
export interface HeldBytes {
  /** Throws `BODIES_BUSY` if there is no room for so many bytes. Reserves nothing: a stated length uses no memory. */
  checkRoom(bytes: number): void;
  /** Raises the reservation to `bytes`. Throws `BODIES_BUSY` and leaves it unchanged if there is no room. */
  holdAtLeast(bytes: number): void;
  /** Releases the reservation. */
  release(): void;
}

/** Counts the bytes of large bodies in progress, in all, by tenant and by person. It allocates nothing. */
export class BodyMemory {
  private total = 0;
  private readonly ofTenants = new Map<string, number>();
  private readonly ofPersons = new Map<string, number>();
  private readonly personMemory: number;

  constructor(private readonly limits: Pick<BodyLimits, 'memory' | 'tenantMemory' | 'largest'>) {
    // One person leaves half of the room of the tenant to others, but can always send a body of the largest size.
    this.personMemory = Math.max(limits.largest, Math.floor(limits.tenantMemory / 2));
  }

  /** Reserved bytes. */
  get held(): number {
    return this.total;
  }

  /** A new, empty reservation for one request. */
  open({ tenant, person }: BodyOwner): HeldBytes {
    const { memory, tenantMemory } = this.limits;
    const personKey = JSON.stringify([tenant, person]);
    let own = 0;
    const checkRoom = (bytes: number): void => {
      const more = bytes - own;
      if (more <= 0) return;
      if ((this.ofPersons.get(personKey) ?? 0) + more > this.personMemory)
        throw tooMany(
          `large bodies of this person (at most ${this.personMemory} of the ${tenantMemory} bytes of http.bodies.tenantMemory)`,
        );
      if ((this.ofTenants.get(tenant) ?? 0) + more > tenantMemory) throw tooMany('large bodies of this tenant');
      if (this.total + more > memory) throw tooMany('large bodies');
    };
    const change = (bytes: number): void => {
      const by = bytes - own;
      this.total += by;
      add(this.ofTenants, tenant, by);
      add(this.ofPersons, personKey, by);
      own = bytes;
    };
    const holdAtLeast = (bytes: number): void => {
      if (bytes <= own) return;
      checkRoom(bytes);
      change(bytes);
    };
    return { checkRoom, holdAtLeast, release: () => change(0) };
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const left = (counts.get(key) ?? 0) + by;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

/** Too many bytes are in progress; a later request may succeed. */
export function tooMany(what: string): ApiError {
  return new ApiError('BODIES_BUSY', `too many ${what} are in progress`);
}
