import type { Digest, TenantId } from '@taskrunner/core/foundation';
import { ObjectStoreHealth, type StoreOutage } from '@taskrunner/core/operations';
import {
  CollectableObjectStore,
  type ObjectStore,
  type ByteRange,
  type PutOptions,
  type StagedFile,
  type Staging,
  type StoreIdentity,
} from '@taskrunner/core/ports';

/** Settings for watching the object store (`artifacts.probe` in the configuration). */
export interface ObjectStoreWatch {
  /** Number of bytes that a probe writes. */
  readonly bytes: number;
  /** Validity of a probe, milliseconds. */
  readonly interval: number;
  readonly monotonicMs: () => number;
  readonly onChange: (outage: StoreOutage | null) => void;
}

/**
 * An object store that reports its failures to its health, for all users and uses. It may have to be admitted before its first use; an outage
 * ends only when it is.
 */
export class WatchedObjectStore extends CollectableObjectStore {
  readonly health: ObjectStoreHealth;
  /** Resolves if the store may be used. Null: it may. */
  private admission: (() => Promise<void>) | null = null;

  constructor(
    private readonly store: CollectableObjectStore,
    { bytes: probeBytes, interval: intervalMs, monotonicMs, onChange }: ObjectStoreWatch,
  ) {
    super();
    const probed = { probe: (bytes: number) => this.admitted().then(() => store.probe(bytes)) };
    this.health = new ObjectStoreHealth({ store: probed, probeBytes, intervalMs, monotonicMs, onChange });
  }

  /** Refuses every use with the error of `admission`, until it resolves once. The identity can be used. */
  admitAfter(admission: () => Promise<void>): void {
    this.admission = admission;
  }

  override identity(): StoreIdentity | null {
    return this.store.identity();
  }

  put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    return this.heard(() => this.store.put(tenant, content, options));
  }

  override async stage(owner: { readonly uid: number; readonly gid: number } | null): Promise<Staging | null> {
    const staging = await this.heard(() => this.store.stage(owner));
    if (staging === null) return null;
    return {
      folder: staging.folder,
      adopt: (tenant: TenantId, file: StagedFile) => this.heard(() => staging.adopt(tenant, file)),
      close: () => this.heard(() => staging.close()),
    };
  }

  async open(tenant: TenantId, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    return this.heardPieces(await this.heard(() => this.store.open(tenant, digest, range)));
  }

  stat(tenant: TenantId, digest: Digest): Promise<{ readonly size: number } | null> {
    return this.heard(() => this.store.stat(tenant, digest));
  }

  delete(tenant: TenantId, digest: Digest): Promise<boolean> {
    return this.heard(() => this.store.delete(tenant, digest));
  }

  probe(bytes: number): Promise<void> {
    return this.heard(() => this.store.probe(bytes));
  }

  sweep(olderThanMs: number): Promise<number> {
    return this.heard(() => this.store.sweep(olderThanMs));
  }

  tenants(): Promise<readonly TenantId[]> {
    return this.heard(() => this.store.tenants());
  }

  aged(tenant: TenantId, olderThanMs: number): AsyncIterable<readonly Digest[]> {
    return this.heardPieces(this.store.aged(tenant, olderThanMs));
  }

  collect(tenant: TenantId, digest: Digest, olderThanMs: number): Promise<boolean> {
    return this.heard(() => this.store.collect(tenant, digest, olderThanMs));
  }

  private async admitted(): Promise<void> {
    if (this.admission === null) return;
    await this.admission();
    this.admission = null;
  }

  private async heard<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      await this.admitted();
      return await work();
    } catch (error) {
      this.health.note(error);
      throw error;
    }
  }

  private async *heardPieces<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    try {
      await this.admitted();
      yield* pieces;
    } catch (error) {
      this.health.note(error);
      throw error;
    }
  }
}

/** What decides whether the store of a process may be used. */
export class StoreAdmission {
  constructor(private readonly store: ObjectStore) {}

  /** Null: the store is not compared. */
  identity(): StoreIdentity | null {
    return this.store.identity();
  }

  /** The store is refused with the error of `admission` until it resolves once. Only the watched store can be. */
  after(admission: () => Promise<void>): void {
    if (this.store instanceof WatchedObjectStore) this.store.admitAfter(admission);
  }
}

/** Timeout of a readiness check if the store does not respond, milliseconds. */
const SILENCE_MS = 3_000;

/** Readiness of the store: it accepts writes. */
export async function objectsReadiness(
  health: ObjectStoreHealth,
): Promise<{ readonly ready: boolean; readonly reason: string | null }> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<{ readonly reason: string }>((resolve) => {
    timer = setTimeout(resolve, SILENCE_MS, { reason: 'no answer' });
  });
  const found = await Promise.race([health.check(), silence]);
  clearTimeout(timer);
  const outage = found ?? health.outage;
  return { ready: outage === null, reason: outage?.reason ?? null };
}

/** Where the outage of a store is logged. */
interface OutageReport {
  readonly log: {
    say(level: 'error' | 'info', event: string, fields: { readonly [name: string]: unknown }): void;
  };
  /** Several parts of a process may find one outage. */
  readonly outages: { note(name: string, isAway: boolean, report: () => void): void };
}

/** Logs once, with the cause, that the store is unavailable, and once that it is available again. */
export function sayOutage({ log, outages }: OutageReport): (outage: StoreOutage | null) => void {
  return (outage) =>
    outages.note('objects', outage !== null, () => {
      if (outage === null) log.say('info', 'objects.available', {});
      else log.say('error', 'objects.unavailable', { code: outage.code, reason: outage.reason, error: outage.error });
    });
}
