import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { LogStore, NumberedChunk } from '@taskrunner/core/ports';
import type { LogFormat } from './log-format';
import { framesOf, type LogFrames } from './log-frames';

/** A numbered chunk of a run, shared by all readers. */
interface SharedChunk {
  readonly firstLine: number;
  readonly lastLine: number;
  readonly step: string;
  readonly attempt: number | null;
  /** Its encoded lines, by format. */
  frames(format: LogFormat): LogFrames;
}

/** Number of chunks per read. */
const PAGE_CHUNKS = 32;
/** Approximate memory of a chunk besides its bytes. */
const CHUNK_BYTES = 512;

/**
 * Caches the chunks of logs that are being read. However many readers a run has, each chunk is loaded and encoded once. The least recently
 * used chunks are dropped when there are more than `maxBytes`, and loaded again if needed. Keys contain tenant and run, so that no reader
 * gets data of another tenant.
 */
export class SharedLogs {
  /** Cached chunks of each run, in line order. */
  private readonly runs = new Map<string, CachedChunk[]>();
  /** All cached chunks, the most recently used one last. */
  private readonly recent = new Set<CachedChunk>();
  private readonly reads = new Map<string, Promise<void>>();
  private bytes = 0;

  constructor(
    private readonly store: Pick<LogStore, 'read'>,
    private readonly maxBytes: number,
  ) {}

  /** Bytes in the cache. */
  get size(): number {
    return this.bytes;
  }

  /** The chunk of the line after `after`; null if there is none yet. */
  async chunkAfter(tenant: TenantId, runId: RunId, after: number): Promise<SharedChunk | null> {
    const run = `${tenant} ${runId}`;
    const atHand = this.find(run, after);
    if (atHand) return atHand;
    const read = `${run} ${after}`;
    const reading = this.reads.get(read) ?? this.read(tenant, runId, run, after).finally(() => this.reads.delete(read));
    this.reads.set(read, reading);
    await reading;
    return this.find(run, after);
  }

  private async read(tenant: TenantId, runId: RunId, run: string, after: number): Promise<void> {
    const chunks = await this.store.read(tenant, runId, after, PAGE_CHUNKS);
    // In reverse, so that the chunk that is needed first is dropped last.
    for (const chunk of [...chunks].reverse()) this.keep(run, runId, chunk);
    this.evict();
  }

  private find(run: string, after: number): CachedChunk | null {
    const chunks = this.runs.get(run) ?? [];
    const found = chunks[placeOf(chunks, after + 1) - 1];
    if (!found || found.lastLine <= after) return null;
    this.recent.delete(found);
    this.recent.add(found);
    return found;
  }

  private keep(run: string, runId: RunId, chunk: NumberedChunk): void {
    const chunks = this.runs.get(run) ?? [];
    this.runs.set(run, chunks);
    const place = placeOf(chunks, chunk.firstLine);
    if (chunks[place - 1]?.firstLine === chunk.firstLine) return;
    const kept = new CachedChunk(run, runId, chunk, (bytes) => {
      // It may have been dropped while a reader still holds it.
      if (!this.recent.has(kept)) return;
      this.bytes += bytes;
      this.evict();
    });
    chunks.splice(place, 0, kept);
    this.recent.add(kept);
    this.bytes += kept.size;
  }

  /** The last one is kept, because a reader uses it. */
  private evict(): void {
    for (const chunk of this.recent) {
      if (this.bytes <= this.maxBytes || this.recent.size === 1) return;
      this.recent.delete(chunk);
      this.bytes -= chunk.size;
      const chunks = this.runs.get(chunk.run) ?? [];
      chunks.splice(placeOf(chunks, chunk.firstLine) - 1, 1);
      if (chunks.length === 0) this.runs.delete(chunk.run);
    }
  }
}

class CachedChunk implements SharedChunk {
  readonly firstLine: number;
  readonly lastLine: number;
  readonly step: string;
  readonly attempt: number | null;
  size: number;
  private readonly written = new Map<LogFormat, LogFrames>();

  constructor(
    readonly run: string,
    private readonly runId: RunId,
    private readonly chunk: NumberedChunk,
    private readonly grown: (bytes: number) => void,
  ) {
    const { firstLine, lines, step, attempt, data } = chunk;
    this.firstLine = firstLine;
    this.lastLine = firstLine + lines - 1;
    this.step = step;
    this.attempt = attempt;
    this.size = data.length + CHUNK_BYTES;
  }

  frames(format: LogFormat): LogFrames {
    const known = this.written.get(format);
    if (known) return known;
    const frames = framesOf(this.runId, this.chunk, format);
    this.written.set(format, frames);
    const bytes = frames.bytes.length + frames.ends.byteLength + frames.ranks.byteLength;
    this.size += bytes;
    this.grown(bytes);
    return frames;
  }
}

/** Number of chunks that begin at this line or before. */
function placeOf(chunks: readonly CachedChunk[], line: number): number {
  let [low, high] = [0, chunks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunks[middle]?.firstLine ?? Infinity) <= line) low = middle + 1;
    else high = middle;
  }
  return low;
}
