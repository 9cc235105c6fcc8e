import { toRunId } from '@taskrunner/core/foundation';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Digest, Json, TenantId } from '@taskrunner/core/foundation';
import { knowText, type Entry, type Page } from '@taskrunner/core/journal';
import type { ClaimedRun, InboxMessage, StoredPage } from '@taskrunner/core/ports';
import type { InputEventBody } from '@taskrunner/core/run';
import { toDigest } from '../encoding/digest-bytes';
import { storedAdmission } from '../encoding/packed-admission';
import { unpackedPage, type PageTexts } from '../encoding/packed-page';
import type { DrivenPage } from '../flush/driven-pages';

/** The result of `claim-runs` and of claims that only end runs, without `inbox_seq` and `untouched`. */
export interface ClaimedRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly fence: number;
  readonly crashes: number;
  readonly last_seq: number;
  readonly last_line: number;
  readonly head: Buffer | null;
  readonly mac: Buffer | null;
  readonly snapshot_seq: number | null;
  readonly seen: number;
  readonly inbox_seq?: number;
  readonly untouched?: boolean;
  readonly in_group?: boolean;
  /** Null: no worker has the labels that the run requires. */
  readonly unhonoured?: string | null;
  readonly plan_hash: string;
  readonly plan: string;
  readonly profile_digest: string;
  readonly profile: string;
  readonly environment: string;
  readonly pack_name: string;
  readonly pack_version: string;
  readonly content_digest: string;
  readonly source_digest: string;
  readonly manifest: string;
  readonly files: ClaimedRun['files'];
  readonly inputs: Json;
  /** Null: it is packed, in the three columns that follow. */
  readonly admission: Envelope | null;
  readonly admitted?: string | null;
  readonly signed?: Buffer | null;
  readonly admitted_digests?: Buffer | null;
  readonly admission_digest: string;
  readonly trace_context: string | null;
  readonly waited_ms: number;
  readonly committed_ms?: number | null;
}

/**
 * After this number of sweeps without progress a run is driven only in quarantine, in a process of its own. From then on a sweep counts
 * only if that process had begun to drive the run. A worker that dies while the run waits for a slot, or while its process starts, is no
 * evidence against the run.
 */
export const CRASHES_TO_QUARANTINE = 2;
/**
 * The death of a run's own process adds this number at once. A worker may die for any reason, so a single death of a worker does not end a
 * run. A run that repeatedly takes its worker down in quarantine without progress is the cause: it may have used up the memory of the whole
 * pod.
 */
export const CRASHES_TO_POISON = 20;

export function toClaimedRun(row: ClaimedRow): ClaimedRun {
  return {
    tenant: row.tenant_id as TenantId,
    runId: toRunId(row.run_id),
    fence: row.fence,
    ...toResumed(row),
    ...(row.inbox_seq === undefined ? {} : { inbox: row.inbox_seq }),
    untouched: row.untouched === true,
    ...(row.in_group === undefined ? {} : { isInGroup: row.in_group }),
    ...(row.unhonoured == null ? {} : { unhonoured: row.unhonoured }),
    crashes: row.crashes < CRASHES_TO_POISON ? Math.min(row.crashes, CRASHES_TO_QUARANTINE) : row.crashes,
    quarantine: row.crashes >= CRASHES_TO_QUARANTINE,
    plan: row.plan,
    planHash: row.plan_hash as Digest,
    profile: row.profile,
    profileDigest: row.profile_digest as Digest,
    environment: row.environment,
    pack: {
      name: row.pack_name,
      version: row.pack_version,
      contentDigest: row.content_digest as Digest,
      sourceDigest: row.source_digest as Digest,
    },
    manifest: row.manifest,
    files: row.files,
    inputs: row.inputs,
    admission: storedAdmission(row),
    admissionDigest: row.admission_digest as Digest,
    ...(row.trace_context === null ? {} : { traceContext: row.trace_context }),
  };
}

/** The result of `resume-run`. */
export type ResumedRow = Pick<
  ClaimedRow,
  'last_seq' | 'last_line' | 'head' | 'mac' | 'snapshot_seq' | 'seen' | 'committed_ms'
>;

export function toResumed(row: ResumedRow) {
  return {
    lastSeq: row.last_seq,
    lastLine: row.last_line,
    head: row.head && toDigest(row.head),
    mac: row.mac && row.mac.toString('hex'),
    snapshotSeq: row.snapshot_seq,
    seen: row.seen,
    committedAt: row.committed_ms ?? null,
    // The claim's inbox position is no longer valid.
    untouched: false,
  };
}

/** The result of `read-pages`. */
export interface PageRow {
  readonly first_seq: number;
  readonly content: Buffer;
  readonly prev: Buffer;
  readonly hash: Buffer;
  readonly mac: Buffer;
}

/** A page that this process has committed, as it is read from its row. Its hash and its MAC are those that this process has computed. */
export function toDrivenPage({ first, texts, prev, hash }: DrivenPage): StoredPage {
  return { first, ...contentOf(texts, { prev, first, hash }), prev, hash, mac: null };
}

export function toPage(row: PageRow): StoredPage {
  return {
    first: row.first_seq,
    ...pageContent(row.content),
    prev: toDigest(row.prev),
    hash: toDigest(row.hash),
    mac: row.mac.toString('hex'),
  };
}

/** Entries and values of a stored page. Invalid bytes are returned as a page without entries, whose hash never matches. */
export function pageContent(content: Buffer): Pick<Page, 'entries' | 'values'> {
  const texts = unpackedPage(content);
  try {
    if (texts !== null) return contentOf(texts);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { entries: [], values: {} };
}

function contentOf(
  { entries: text, held }: PageTexts,
  hashed: Pick<Page, 'prev' | 'first' | 'hash'> | null = null,
): Pick<Page, 'entries' | 'values'> {
  const entries = JSON.parse(text) as Entry[];
  // The chain is over the text. It is that of its worker if the hash has its MAC.
  knowText(entries, text, hashed);
  return { entries, values: held === null ? {} : (JSON.parse(held) as Page['values']) };
}

/** The result of `read-inbox`. */
export interface InboxRow {
  readonly position: number;
  readonly given: InputEventBody;
  readonly envelope: Envelope | null;
  readonly response: Json;
  readonly posted_ms: number;
}

export function toInboxMessage(row: InboxRow): InboxMessage {
  return {
    position: row.position,
    input: row.given,
    envelope: row.envelope,
    response: row.response,
    postedAt: row.posted_ms,
  };
}

/** The end of a run's journal. */
export interface RunPositionRow {
  readonly fence: number;
  readonly last_seq: number;
  readonly head: Buffer | null;
}

/**
 * Returns the tenant after which the next claim begins: the last one, in the order of turns, that got as many runs as any other. A tenant
 * that got fewer, because no slot was left, is first in the next claim. Otherwise the remainder of an uneven division would always go to
 * the same tenant. Undefined if no tenant got a run.
 */
export function lastServedOf(tenants: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const tenant of tenants) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return [...counts].findLast(([, count]) => count === most)?.[0];
}
