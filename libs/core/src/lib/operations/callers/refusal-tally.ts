import type { TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import { auditedCaller } from './audited-caller';

/**
 * The audit chain of the installation, for callers whose token names no tenant. No tenant has this name, so no tenant can read it; the
 * database role `taskrunner_audit` can.
 */
export const INSTALLATION = '-' as TenantId;

/** A request that was refused because of its caller. It contains nothing of the token. */
export interface RefusedRequest {
  /** The caller, if a valid token names one. */
  readonly caller: Pick<Principal, 'tenant' | 'iss' | 'sub' | 'actors'> | null;
  /** HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  /** The address of the client; null if the connection was already closed. */
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
/** Maximum number of tenants in one window. Refusals of further tenants are counted for the installation. */
const TENANTS = 10_000;

/**
 * Counts the refusals in a window of time by tenant, reason and caller. The number of new entries in a tenant's chain is limited, however
 * many refusals there are. The rest is counted by status in entries without a caller.
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

  /** The refusals since the last call as events of audit chains. The tally starts anew. */
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

/** An address identifies a caller only if no token does: behind a proxy all callers have the same address. */
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
