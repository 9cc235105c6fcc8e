import type { TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import { auditedCaller } from './audited-caller';

/**
 * The audit chain of the installation: of callers that no token names a tenant for. No tenant is called so, so no tenant reads it; the database
 * role `taskrunner_audit` does.
 */
export const INSTALLATION = '-' as TenantId;

/** A request that was refused for who asked. Nothing of the token is in it. */
export interface RefusedRequest {
  /** Who asked, where the token says so and holds. */
  readonly caller: Pick<Principal, 'tenant' | 'iss' | 'sub' | 'actors'> | null;
  /** HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  /** The address that it came from; null if the connection had gone. */
  readonly address: string | null;
  /** Milliseconds since the epoch, by the clock of the process. */
  readonly at: number;
}

interface Counted extends Omit<RefusedRequest, 'at'> {
  count: number;
  readonly first: number;
  last: number;
}

/** Entries of one audit chain. */
interface TalliedRefusals {
  readonly tenant: TenantId;
  readonly events: readonly JsonObject[];
}

const REASON_CHARACTERS = 200;
/** Tenants of one window; refusals of others are counted for the installation. */
const TENANTS = 10_000;

/**
 * Refusals of a window of time, counted by tenant, reason and who asked: however many there are, the chain of a tenant grows by so many entries
 * at most. What does not fit is counted together, by status, in entries that name nobody.
 */
export class RefusalTally {
  private tenants = new Map<TenantId, Map<string, Counted>>();

  /**
   * @param most entries of one chain that name who asked.
   * @param unnamed the chain of refusals without a caller.
   */
  constructor(
    private readonly most: number,
    private readonly unnamed: TenantId = INSTALLATION,
  ) {}

  add(refusal: RefusedRequest): void {
    const reason = refusal.reason.slice(0, REASON_CHARACTERS);
    const counted = this.countsOf(refusal.caller?.tenant ?? this.unnamed);
    const key = keyOf({ ...refusal, reason });
    const known = counted.get(key);
    if (known || counted.size < this.most) this.count(counted, key, { ...refusal, reason });
    else
      this.count(counted, `others ${refusal.status}`, {
        ...refusal,
        code: 'OTHERS',
        reason: '',
        caller: null,
        address: null,
      });
  }

  /** What was counted since the last time, as events of audit chains; the tally begins anew. */
  take(): readonly TalliedRefusals[] {
    const taken = this.tenants;
    this.tenants = new Map();
    return [...taken].map(([tenant, counted]) => ({ tenant, events: [...counted.values()].map(eventOf) }));
  }

  private countsOf(tenant: TenantId): Map<string, Counted> {
    const known = this.tenants.get(tenant);
    if (known) return known;
    if (this.tenants.size >= TENANTS && tenant !== this.unnamed) return this.countsOf(this.unnamed);
    const made = new Map<string, Counted>();
    this.tenants.set(tenant, made);
    return made;
  }

  private count(counted: Map<string, Counted>, key: string, { at, ...refusal }: RefusedRequest): void {
    const known = counted.get(key);
    if (!known) counted.set(key, { ...refusal, count: 1, first: at, last: at });
    else {
      known.count += 1;
      known.last = Math.max(known.last, at);
    }
  }
}

/** An address says who asked only where no token does: behind a proxy all have the same. */
function keyOf({ caller, code, reason, address }: RefusedRequest): string {
  const who =
    caller === null
      ? ['', address ?? '']
      : [caller.iss, caller.sub, ...caller.actors.map(({ iss, sub }) => `${iss} ${sub}`)];
  return JSON.stringify([code, reason, ...who]);
}

function eventOf({ caller, status, code, reason, address, count, first, last }: Counted): JsonObject {
  return {
    ...{ type: 'request.refused', status, code, reason, address, count },
    ...{ first: new Date(first).toISOString(), last: new Date(last).toISOString() },
    ...(caller === null ? { person: null, actors: [] } : auditedCaller(caller)),
  };
}
