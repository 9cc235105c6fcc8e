import { createHash } from 'node:crypto';
import type { Digest, RunId, TenantId } from '@taskrunner/core/foundation';
import type { Commit } from '@taskrunner/core/ports';
import { digestBytes } from '../encoding/digest-bytes';
import type { PageTexts } from '../encoding/packed-page';

/** A page as its driver committed it. */
export interface DrivenPage {
  readonly first: number;
  readonly texts: PageTexts;
  /** Its stored form. */
  readonly content: Buffer;
  readonly prev: Digest;
  readonly hash: Digest;
  /** Hexadecimal. */
  readonly mac: string;
}

interface DrivenRun {
  readonly pages: DrivenPage[];
  head: Digest;
  /** Characters of the texts of its pages. */
  size: number;
  hasEnded: boolean;
  /** True: the stored pages have the same digest. */
  isConfirmed: boolean;
}

/** Limits of what is kept, in characters of texts. */
interface Limits {
  readonly ofRun: number;
  readonly ofAll: number;
}

const LIMITS: Limits = { ofRun: 64 * 1024, ofAll: 8 * 1024 * 1024 };

/**
 * The pages of small runs that this process has driven from their first page to their end (ADR 102). Their seal takes them from here if the
 * stored pages have the digest of what was committed, and does not read, unpack and parse the stored ones. Otherwise, and for all other
 * runs, it does. The runs that began first are forgotten first.
 */
export class DrivenPages {
  private readonly runs = new Map<string, DrivenRun>();
  private size = 0;

  constructor(private readonly limits: Limits = LIMITS) {}

  /** A page was committed. */
  committed(commit: Commit, texts: PageTexts, content: Buffer): void {
    const { tenant, runId, page, mac } = commit;
    const run = this.runBefore(commit);
    if (run === null) return;
    run.pages.push({ first: page.first, texts, content, prev: page.prev, hash: page.hash, mac });
    run.head = page.hash;
    const size = texts.entries.length + (texts.held?.length ?? 0);
    run.size += size;
    this.size += size;
    const isEnd = commit.outbox.some(({ kind }) => kind === 'attest');
    run.hasEnded = isEnd;
    // A parked run may be driven elsewhere next, and may wait for days.
    if (run.size > this.limits.ofRun || (commit.releases && !isEnd)) this.forget(tenant, runId);
    for (const oldest of this.runs.keys()) {
      if (this.size <= this.limits.ofAll) break;
      this.remove(oldest);
    }
  }

  /** It is unknown what was committed. */
  forget(tenant: TenantId, run: RunId): void {
    this.remove(keyOf(tenant, run));
  }

  /** The digest of the run's stored pages was read; null: there are none. */
  confirm(tenant: TenantId, runId: RunId, stored: Buffer | null): void {
    const run = this.runs.get(keyOf(tenant, runId));
    if (run?.hasEnded !== true) return;
    if (stored !== null && digestOf(run.pages).equals(stored)) run.isConfirmed = true;
    else this.forget(tenant, runId);
  }

  /** The pages of an ended run, once, if the stored ones are the same; null: read them. */
  take(tenant: TenantId, runId: RunId): readonly DrivenPage[] | null {
    const run = this.runs.get(keyOf(tenant, runId));
    if (run?.isConfirmed !== true) return null;
    this.forget(tenant, runId);
    return run.pages;
  }

  /** The run that this page continues; null: not all of its pages are known. */
  private runBefore({ tenant, runId, prevSeq, page }: Commit): DrivenRun | null {
    const key = keyOf(tenant, runId);
    const known = this.runs.get(key);
    if (prevSeq > 0 && known?.hasEnded === false && known.head === page.prev) return known;
    this.remove(key);
    if (prevSeq > 0) return null;
    const run = { pages: [], head: page.prev, size: 0, hasEnded: false, isConfirmed: false };
    this.runs.set(key, run);
    return run;
  }

  private remove(key: string): void {
    this.size -= this.runs.get(key)?.size ?? 0;
    this.runs.delete(key);
  }
}

/**
 * The SHA-256 digest of the stored columns of pages, as `run-records` computes it. Each has its length before it, so that no byte can pass
 * from one column to another.
 */
function digestOf(pages: readonly DrivenPage[]): Buffer {
  const columns = pages.flatMap(({ first, content, hash, mac }) => {
    const [head, hashed, authenticated] = [Buffer.allocUnsafe(16), digestBytes(hash), Buffer.from(mac, 'hex')];
    head.writeBigInt64BE(BigInt(first), 0);
    head.writeInt32BE(content.length, 8);
    head.writeInt32BE(hashed.length, 12);
    return [head, content, hashed, authenticated];
  });
  return createHash('sha256').update(Buffer.concat(columns)).digest();
}

function keyOf(tenant: TenantId, run: RunId): string {
  return `${tenant}/${run}`;
}
