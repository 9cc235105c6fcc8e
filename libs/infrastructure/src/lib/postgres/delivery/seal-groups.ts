import type { TenantId } from '@taskrunner/core/foundation';
import type { OutboxItem, SealedEvidence } from '@taskrunner/core/ports';

/** Evidence of an ended run, and the outbox item that asked for it. */
export interface Seal {
  readonly item: OutboxItem;
  readonly evidence: SealedEvidence;
}

interface Waiting {
  readonly seal: Seal;
  readonly resolve: (stored: Promise<boolean>) => void;
}

/** Stores these seals of one tenant. The results are in their order. */
type Store = (tenant: TenantId, seals: readonly Seal[]) => readonly Promise<boolean>[];

/** Number of seals in a statement. */
const MOST = 16;
/** How long a seal waits for others that have begun, milliseconds. */
const WAIT_MS = 20;

/**
 * Group commit for seals. A statement costs nearly the same for one seal and for several, and so does its commit, during which the audit chain of
 * the tenant is locked. A seal waits for others of its process that have begun, for 20 ms at most. A single one never waits.
 */
export class SealGroups {
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | null = null;
  /** When the lease ends of each item that this process works on, monotonic milliseconds. */
  private readonly begun = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly limits: { readonly most: number; readonly waitMs: number } = { most: MOST, waitMs: WAIT_MS },
  ) {}

  /** This process has the items for this time. */
  begin(items: readonly { readonly id: string }[], leaseMs: number): void {
    for (const { id } of items) this.begun.set(id, performance.now() + leaseMs);
  }

  /** The item is not sealed now. */
  leave({ id }: { readonly id: string }): void {
    this.begun.delete(id);
    this.pump();
  }

  /** Stores the evidence. False if another worker had sealed the run before. */
  seal(seal: Seal): Promise<boolean> {
    return new Promise((resolve) => {
      this.waiting.push({ seal, resolve });
      this.pump();
    });
  }

  private pump(): void {
    if (this.waiting.length === 0) return;
    if (this.waiting.length >= this.limits.most || !this.areOthersComing()) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.limits.waitMs);
  }

  private areOthersComing(): boolean {
    const now = performance.now();
    for (const [id, until] of this.begun) if (until <= now) this.begun.delete(id);
    const waiting = new Set(this.waiting.map(({ seal }) => seal.item.id));
    return [...this.begun.keys()].some((id) => !waiting.has(id));
  }

  private flush(): void {
    clearTimeout(this.timer ?? undefined);
    this.timer = null;
    const group = this.waiting;
    this.waiting = [];
    for (const { seal } of group) this.begun.delete(seal.item.id);
    for (const [tenant, members] of byTenant(group)) {
      const stored = this.store(
        tenant,
        members.map(({ seal }) => seal),
      );
      members.forEach(({ resolve }, index) => resolve(stored[index] ?? Promise.reject(new TypeError('no result'))));
    }
  }
}

function byTenant(group: readonly Waiting[]): ReadonlyMap<TenantId, readonly Waiting[]> {
  const found = new Map<TenantId, Waiting[]>();
  for (const one of group) {
    const { tenant } = one.seal.item;
    const members = found.get(tenant) ?? [];
    members.push(one);
    found.set(tenant, members);
  }
  return found;
}
