import { CodedError, type Digest, type TenantId } from '@taskrunner/core/foundation';
import type { PutOptions } from '@taskrunner/core/ports';
import { MemoryObjects, type Random } from '@taskrunner/core/testing';

/** Disturbance of a story's object store. `tight`: it has room only for small objects. `slow`: it does everything slowly. */
export type StoreTrouble = 'away' | 'read-only' | 'full' | 'tight' | 'slow';

/** Maximum bytes of an object when space is tight. */
const TIGHT_BYTES = 4_096;
const SLOWEST_MS = 3_000;

/** Objects in memory that are unavailable, full, read-only or slow as the story says. */
export class TroubledObjects extends MemoryObjects {
  private readonly troubles: { readonly trouble: StoreTrouble; readonly from: number; readonly until: number }[] = [];

  constructor(
    private readonly now: () => number,
    private readonly random: Random,
  ) {
    super();
  }

  begin(trouble: StoreTrouble, ms: number): void {
    this.troubles.push({ trouble, from: this.now(), until: this.now() + ms });
  }

  /** True if all writes have been refused for at least this long. */
  refusesSince(ms: number): boolean {
    const at = this.now();
    return this.troubles.some(
      ({ trouble, from, until }) => !['slow', 'tight'].includes(trouble) && from + ms <= at && at < until,
    );
  }

  override async put(tenant: TenantId, content: AsyncIterable<Uint8Array>, options: PutOptions) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    const bytes = Buffer.concat(parts);
    await this.written(bytes.length);
    const once = async function* () {
      yield bytes;
    };
    return super.put(tenant, once(), options);
  }

  override async open(tenant: TenantId, digest: Digest): Promise<AsyncIterable<Uint8Array>> {
    await this.suffer(['away']);
    return super.open(tenant, digest);
  }

  override async probe(bytes = 1): Promise<void> {
    await this.written(bytes);
  }

  private async written(bytes: number): Promise<void> {
    await this.suffer(['away', 'read-only', 'full', ...(bytes > TIGHT_BYTES ? (['tight'] as const) : [])]);
  }

  private async suffer(refusing: readonly StoreTrouble[]): Promise<void> {
    const isNow = (one: StoreTrouble): boolean =>
      this.troubles.some(({ trouble, until }) => trouble === one && this.now() < until);
    if (isNow('slow')) await new Promise<void>((resolve) => void setTimeout(resolve, this.random.int(10, SLOWEST_MS)));
    if (refusing.some(isNow))
      throw new CodedError('OBJECT_STORE_UNAVAILABLE', 'the store of the story is away', 'wait');
  }
}
