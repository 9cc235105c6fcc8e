import { FOLDED, isSkipped, type PatternSet } from './pattern-set';
import { classifyControlSequence } from './control-sequence';

/** Bytes from `from` up to `to` of a stream that belong to a secret. */
export type Found = (from: number, to: number) => void;

/** At the end of a line, a partial match of at most this many bytes is not held back. */
const NOT_WAITED_FOR = 3;

/** A state of the automaton with the positions of its bytes in the stream. */
class Cursor {
  state = 0;
  /** Positions of the bytes since the root. The list may be longer than the depth and is shortened occasionally. */
  places: number[] = [];

  constructor(private readonly patterns: PatternSet) {}

  /** Number of bytes that may still become a pattern. */
  get begun(): number {
    return this.patterns.begun(this.state);
  }

  /** Position of the first of them. */
  start(otherwise: number): number {
    return this.begun === 0 ? otherwise : (this.places[this.places.length - this.begun] ?? otherwise);
  }

  take(byte: number, place: number, found: Found): void {
    this.state = this.patterns.next(this.state, FOLDED[byte] ?? byte);
    if (this.state === 0) {
      if (this.places.length > 0) this.places = [];
      return;
    }
    this.places.push(place);
    const length = this.patterns.matched(this.state);
    if (length > 0) found(this.places[this.places.length - length] ?? place, place + 1);
    if (this.places.length > 2 * this.patterns.longest + 1_024) this.places = this.places.slice(-this.patterns.longest);
  }

  copy(): Cursor {
    const copy = new Cursor(this.patterns);
    copy.state = this.state;
    copy.places = [...this.places];
    return copy;
  }
}

/**
 * Finds patterns in a stream, independent of how it is split. Two cursors read it: one reads every byte, the other (only while it matters)
 * skips bytes that a terminal does not show, such as colours. Thus neither a secret inside a control sequence nor one around it is missed.
 */
export class Matcher {
  private readonly plain: Cursor;
  private bridge: Cursor | null = null;
  /** Bytes that may turn out to be invisible, with their positions. */
  private sequence: number[] = [];
  private places: number[] = [];
  private place = 0;
  private released = 0;

  private readonly found: Found;

  constructor(patterns: PatternSet, found: Found) {
    this.plain = new Cursor(patterns);
    this.found = (from, to) => found(Math.max(from, this.released), to);
  }

  /** All bytes before this position are decided. */
  get decided(): number {
    const plain = this.plain.start(this.place);
    return Math.max(this.released, this.bridge === null ? plain : Math.min(plain, this.bridge.start(this.place)));
  }

  feed(bytes: Uint8Array): void {
    for (const byte of bytes) this.take(byte);
  }

  private take(byte: number): void {
    const at = this.place++;
    if (isSkipped(byte)) {
      if (byte === 0x0a && this.sequence.length > 0) this.settle(false);
      // A line is not held back for a few bytes. If they are the beginning of a secret, the rest of it is still found.
      if (byte === 0x0a && Math.max(this.plain.begun, this.bridge?.begun ?? 0) <= NOT_WAITED_FOR)
        this.released = this.place;
      return;
    }
    if (this.sequence.length > 0 || byte === 0x1b || byte === 0xe2 || byte === 0xef) this.suspect(byte, at);
    else this.bridge?.take(byte, at, this.found);
    this.plain.take(byte, at, this.found);
    if (this.bridge !== null && this.sequence.length === 0 && (this.bridge.state === 0 || this.isSame(this.bridge)))
      this.bridge = null;
  }

  private suspect(byte: number, at: number): void {
    if (this.sequence.length === 0 && this.bridge === null && this.plain.state !== 0) this.bridge = this.plain.copy();
    this.sequence.push(byte);
    this.places.push(at);
    const judged = classifyControlSequence(this.sequence);
    if (judged !== 'perhaps') this.settle(judged === 'noise');
  }

  private settle(isNoise: boolean): void {
    if (!isNoise) this.sequence.forEach((byte, i) => this.bridge?.take(byte, this.places[i] ?? 0, this.found));
    this.sequence = [];
    this.places = [];
  }

  private isSame(bridge: Cursor): boolean {
    return bridge.state === this.plain.state && bridge.start(0) === this.plain.start(0);
  }
}
