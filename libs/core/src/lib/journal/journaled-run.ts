import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { RunEnd } from '../foundation/statuses';
import type { GateOutcome } from '../gate/gate-state';
import type { Entry } from '../run/entry';
import type { SaidMessage } from '../run/run-event';
import { hashOfText, type Break, type Head } from './chain';
import { EndedSteps } from './ended-steps';

/** A page as it is stored: the RFC 8785 text of its entries, and the hashes beside it. Nothing was compared. */
export interface StoredPage {
  /** Number of its first entry. */
  readonly first: number;
  readonly prev: Digest;
  readonly hash: Digest;
  readonly text: string;
  /** JSON of the values beside the chain; null or absent: none. */
  readonly held?: string | null;
}

/** An artifact as the journal and its row name it. */
export interface CapturedArtifact {
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

/** How the journal ends a run. */
export interface JournaledEnd extends SaidMessage {
  readonly status: RunEnd;
  readonly code: string | null;
  readonly step: string | null;
  /** Digest of the outputs; null: there are none. */
  readonly outputs: Digest | null;
}

interface JournaledGate {
  /** Digest of its request; undefined: it ended without having opened. */
  readonly request: Digest | undefined;
  readonly outcome: GateOutcome | null;
}

/** Identity and bytes of a numbered chunk. */
interface JournaledChunk {
  readonly step: string;
  readonly execution: number;
  readonly chunk: number;
  readonly lines: number;
  readonly sha256: Digest;
}

const MARK_BYTES = 32;
/** Approximate memory of an artifact, a gate and the rest, bytes. */
const [ARTIFACT_BYTES, GATE_BYTES, OWN_BYTES] = [300, 300, 1_024];

/**
 * A fold over the journal of a run, page by page: what rows beside the journal repeat of it. Of each log chunk it holds 40 bytes, so that
 * the journal of a long run need not be kept. It checks the chain of the pages, and no MAC.
 */
export class JournaledRun {
  /** Of each chunk, in the order of its lines: the digest of its identity and bytes. */
  private marks = Buffer.alloc(0);
  private readonly lastLines: number[] = [];
  private readonly captured = new Map<string, number>();
  private readonly gates = new Map<string, JournaledGate>();
  private artifacts = 0;
  private end: JournaledEnd | null = null;
  /** How its steps ended. */
  readonly steps = new EndedSteps();
  private at: Head | null = null;
  private lastPage = 0;

  /** Number of the first entry of the last page. 0: no page was taken. */
  get lastFirst(): number {
    return this.lastPage;
  }

  /** Number of the last entry. 0: no page was taken. */
  get lastSeq(): number {
    return this.at?.seq ?? 0;
  }

  /** Hash of the last page; null: no page was taken. */
  get head(): Digest | null {
    return this.at?.hash ?? null;
  }

  /** Number of the last line of the log. */
  get lastLine(): number {
    return this.lastLines.at(-1) ?? 0;
  }

  /** How the run ended; null: it has not ended. */
  get ended(): JournaledEnd | null {
    return this.end;
  }

  /** Number of artifacts that were captured. */
  get artifactCount(): number {
    return this.artifacts;
  }

  /** Approximate memory, bytes. */
  get size(): number {
    const ofArtifacts = this.captured.size * ARTIFACT_BYTES;
    return (
      OWN_BYTES +
      this.marks.length +
      this.lastLines.length * 8 +
      ofArtifacts +
      this.gates.size * GATE_BYTES +
      this.steps.size
    );
  }

  /** The outcome of a gate; null: it has not ended; undefined: the journal does not open it. */
  outcomeOf(gate: string): GateOutcome | null | undefined {
    return this.gates.get(gate)?.outcome;
  }

  /** Digest of the request with which a gate opened; undefined: the journal does not open it. */
  requestOf(gate: string): Digest | undefined {
    return this.gates.get(gate)?.request;
  }

  /** An artifact that was not captured, or not so often. */
  strayOf<Row extends CapturedArtifact>(rows: readonly Row[]): Row | undefined {
    const seen = new Map<string, number>();
    return rows.find((row) => {
      const key = artifactKey(row);
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      return (this.captured.get(key) ?? 0) < count;
    });
  }

  /** True if the chunk with this first line is this one. */
  hasChunk(firstLine: number, chunk: JournaledChunk): boolean {
    const index = this.placeOf(firstLine);
    if ((this.lastLines[index - 1] ?? 0) + 1 !== firstLine) return false;
    return markOf(chunk).equals(this.marks.subarray(index * MARK_BYTES, (index + 1) * MARK_BYTES));
  }

  /** True if a chunk has these lines. */
  hasLines(firstLine: number, lines: number): boolean {
    const index = this.placeOf(firstLine);
    return (this.lastLines[index - 1] ?? 0) + 1 === firstLine && this.lastLines[index] === firstLine + lines - 1;
  }

  /** The next page. Returns why it does not follow, after which no other can be taken. */
  take(page: StoredPage): Break | null {
    const fail = (reason: Break['reason']): Break => ({ first: page.first, reason });
    if (page.first !== this.lastSeq + 1) return fail('gap');
    if (this.at !== null && page.prev !== this.at.hash) return fail('prev');
    if (page.hash !== hashOfText(page.prev, page.first, page.text)) return fail('hash');
    const entries = entriesIn(page.text);
    if (entries === null || entries.length === 0) return fail('hash');
    if (!this.tookAll(entries)) return fail('hash');
    this.at = { seq: this.lastSeq + entries.length, hash: page.hash };
    this.lastPage = page.first;
    return null;
  }

  /** False: entries of somebody else, which need not be events of a journal. */
  private tookAll(entries: readonly Entry[]): boolean {
    try {
      for (const { event } of entries) this.add(event);
      return true;
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) return false;
      throw error;
    }
  }

  private add(event: Entry['event']): void {
    switch (event.type) {
      case 'log':
        this.addChunk(event);
        return;
      case 'artifact.captured': {
        const key = artifactKey(event);
        this.captured.set(key, (this.captured.get(key) ?? 0) + 1);
        this.artifacts++;
        return;
      }
      case 'gate.opened':
        this.gates.set(event.step, { request: event.gateDigest, outcome: null });
        return;
      case 'gate.ended':
        this.gates.set(event.step, { request: this.requestOf(event.step), outcome: event.outcome });
        return;
      case 'run.ended':
        this.end ??= endOf(event);
        return;
      case 'question.answered':
        if (event.answer.kind === 'reuse' && event.answer.source !== null)
          this.steps.takeSource(event.step, event.answer.source);
        return;
      case 'step.ended':
        this.steps.take(event);
        return;
      default:
        return;
    }
  }

  private addChunk(chunk: JournaledChunk): void {
    const offset = this.lastLines.length * MARK_BYTES;
    if (this.marks.length < offset + MARK_BYTES) {
      const grown = Buffer.alloc(Math.max(32 * MARK_BYTES, 2 * this.marks.length));
      grown.set(this.marks);
      this.marks = grown;
    }
    this.marks.set(markOf(chunk), offset);
    this.lastLines.push(this.lastLine + chunk.lines);
  }

  /** Index of the chunk that contains a line. */
  private placeOf(line: number): number {
    let [low, high] = [0, this.lastLines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lastLines[middle] ?? Infinity) < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Key of an artifact by everything that its row repeats. */
export function artifactKey({ step, execution, name, path, digest, size, mediaType }: CapturedArtifact): string {
  return JSON.stringify([step, execution, name, path, digest, size, mediaType]);
}

function markOf({ step, execution, chunk, lines, sha256: digest }: JournaledChunk): Buffer {
  return Buffer.from(sha256(canonical([step, execution, chunk, lines, digest])).slice(7), 'hex');
}

/** The entries in the text of a page; null: the text is not that of a page. */
export function entriesIn(text: string): readonly Entry[] | null {
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) && entries.every((entry) => isEntry(entry)) ? (entries as Entry[]) : null;
  } catch {
    return null;
  }
}

function isEntry(entry: unknown): boolean {
  const event: unknown = (entry as { readonly event?: unknown } | null)?.event;
  return typeof event === 'object' && event !== null;
}

/** How a page ends the run; null: it does not. A page whose hash is another ends nothing. */
export function endIn({ first, prev, hash, text }: StoredPage): JournaledEnd | null {
  if (hash !== hashOfText(prev, first, text)) return null;
  for (const { event } of entriesIn(text) ?? []) if (event.type === 'run.ended') return endOf(event);
  return null;
}

function endOf(event: Extract<Entry['event'], { readonly type: 'run.ended' }>): JournaledEnd {
  const { status, code, step, outputs, message, messageError } = event;
  const said = { ...(message && { message }), ...(messageError && { messageError }) };
  return { status, code, step, outputs: outputs?.digest ?? null, ...said };
}
