import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { INLINE_VALUE_BYTES } from '../../evidence/verify/answers/large-values';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { utf8Size } from '../../foundation/utf8-size';
import type { ValueRef } from '../../step/value-ref';
import type { DriverDependencies } from './driver-dependencies';
import type { JournalValues } from './journal-values';
import { piecesOf } from '../work/byte-pieces';

/** Maximum bytes of a value inside the journal page that adds it. Larger values go to the object store. */
export const INLINE_BYTES = INLINE_VALUE_BYTES;
/** Maximum size of a step's outputs. */
const VALUE_BYTES = 16 * 1024 * 1024;

/** Maximum total bytes of values larger than `INLINE_BYTES` that one driver keeps in memory. */
const LARGE_BYTES_AT_HAND = 64 * 1024 * 1024;

/** The values of one run that its driver holds, and how it finds the others. */
export class RunValues {
  readonly known = new Map<Digest, Json>();
  private readonly durable = new Set<Digest>();
  /** Values that the object store holds and that no page names yet. */
  private readonly stored = new Set<Digest>();
  /** Values that the object store holds too, by size, the least recently used first. They stay in memory as long as there is room. */
  private readonly large = new Map<Digest, number>();

  private readonly waiting = new AbortController();

  constructor(
    private readonly dependencies: Pick<DriverDependencies, 'objects' | 'references' | 'storeHealth'>,
    private readonly run: { readonly tenant: TenantId; readonly runId: RunId },
    /** Finds values in pages that were not read; absent: all pages were read. */
    private readonly journal?: Pick<JournalValues, 'find'>,
  ) {}

  /** Stops waiting for the object store: further accesses are tried once. */
  giveUp(): void {
    // With a reason of its own: the default one is a DOMException with a stack, for each run.
    this.waiting.abort('given up');
  }

  /** Values that a committed page contains. They are durable. */
  restore(values: { readonly [digest: Digest]: Json }): void {
    for (const [digest, value] of Object.entries(values) as [Digest, Json][]) {
      this.known.set(digest, value);
      this.durable.add(digest);
    }
  }

  /** Adds a value and returns the reference for events. Throws `VALUE_TOO_LARGE`. */
  keep(value: Json): ValueRef {
    if (value === null) return null;
    const text = canonical(value);
    const size = utf8Size(text);
    if (size > VALUE_BYTES)
      throw new CodedError(
        'VALUE_TOO_LARGE',
        `a value has ${size} bytes; the limit is ${VALUE_BYTES}`,
        'write it to a file and declare an artifact',
      );
    const digest = sha256(text);
    this.known.set(digest, value);
    return { digest, kind: 'value', size };
  }

  /**
   * Adds a value of another run. One that its journal held goes into the next page; one in the object store stays there for this run too.
   */
  async adopt(ref: ValueRef, held: Json | undefined): Promise<void> {
    if (ref?.kind !== 'value' || this.durable.has(ref.digest)) return;
    if (held !== undefined) this.known.set(ref.digest, held);
    else {
      await this.dependencies.references.need(this.run.tenant, this.run.runId, [ref.digest]);
      this.durable.add(ref.digest);
    }
  }

  /**
   * The values that the next page must contain, out of some digests. Larger values are written to the object store first, waiting through
   * an outage.
   */
  async pageValues(digests: Iterable<Digest>): Promise<{ readonly [digest: Digest]: Json }> {
    const carried: Record<Digest, Json> = {};
    const large = new Map<Digest, Uint8Array>();
    for (const digest of digests) {
      const value = this.known.get(digest);
      if (value === undefined || this.durable.has(digest) || this.stored.has(digest)) continue;
      const text = canonical(value);
      // Most values are so short that their bytes need not be counted: a UTF-16 code unit has at most three.
      const bytes = 3 * text.length <= INLINE_BYTES ? null : new TextEncoder().encode(text);
      if (bytes === null || bytes.length <= INLINE_BYTES) carried[digest] = value;
      else large.set(digest, bytes);
    }
    if (large.size === 0) return carried;
    const { tenant, runId } = this.run;
    await this.dependencies.references.need(tenant, runId, [...large.keys()]);
    for (const [digest, bytes] of large) {
      await this.withRetry(() =>
        this.dependencies.objects.put(tenant, piecesOf(bytes), { maxBytes: VALUE_BYTES, expected: digest }),
      );
      this.large.set(digest, bytes.length);
      this.stored.add(digest);
    }
    return carried;
  }

  /** Stores a large value before a page names it, so that no turn waits for the object store because of it. */
  async store(ref: ValueRef): Promise<void> {
    if (ref?.kind === 'value' && ref.size > INLINE_BYTES) await this.pageValues([ref.digest]);
  }

  committed(digests: Iterable<Digest>): void {
    for (const digest of digests) {
      this.durable.add(digest);
      this.stored.delete(digest);
    }
    let bytes = [...this.large.values()].reduce((sum, size) => sum + size, 0);
    for (const [digest, size] of this.large) {
      if (bytes <= LARGE_BYTES_AT_HAND) break;
      if (!this.durable.has(digest)) continue;
      this.known.delete(digest);
      this.large.delete(digest);
      bytes -= size;
    }
  }

  /** Fetches values from older pages and the object store, waiting through an outage. Every read is hashed (`OBJECT_DIGEST_MISMATCH`). */
  async fetch(digests: Iterable<Digest>): Promise<void> {
    const unknown = [...digests].filter((digest) => !this.known.has(digest));
    this.restore((await this.withRetry(async () => this.journal?.find(unknown))) ?? {});
    for (const digest of unknown) {
      if (this.known.has(digest)) continue;
      const parts = await this.withRetry(() => this.read(digest));
      this.known.set(digest, JSON.parse(decode(parts)) as Json);
      this.durable.add(digest);
      this.large.set(
        digest,
        parts.reduce((sum, part) => sum + part.length, 0),
      );
    }
  }

  private async read(digest: Digest): Promise<readonly Uint8Array[]> {
    const parts: Uint8Array[] = [];
    for await (const part of await this.dependencies.objects.open(this.run.tenant, digest)) parts.push(part);
    return parts;
  }

  private withRetry<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.dependencies.storeHealth.withRetry(work, this.waiting);
  }
}

function decode(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
}
