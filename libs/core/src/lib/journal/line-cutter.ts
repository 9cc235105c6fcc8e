const LF = 0x0a;
const CR = 0x0d;
/** Output is processed in pieces of this size, to limit the memory that cutting needs. */
const PIECE_BYTES = 8 * 1024;
/** A UTF-16 unit has at most three bytes in UTF-8; NUL becomes six. */
const [MOST_BYTES, NUL_BYTES] = [3, 6];

/**
 * Receives a line, or a part of a line that is too long. `text` is the cutter's buffer and valid only during the call. `goesOn`: another
 * part of the line follows.
 */
type LineReader = (text: Uint8Array, goesOn: boolean) => void;

/**
 * Cuts raw output into lines: UTF-8, without line end (`\n` or `\r\n`), none longer than `lineBytes`, no character cut in two. Invalid
 * UTF-8 becomes U+FFFD, NUL becomes `\u0000`, and everything else (ANSI sequences, lone carriage returns) stays. The lines do not depend on
 * how the output is split into pieces, and at most one line's bytes are buffered.
 */
export class LineCutter {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly encoder = new TextEncoder();
  /** Text without a line end yet, followed by the new piece. The buffer is reused. */
  private room = new Uint8Array(0);
  /** Length of the former: at most `lineBytes`, and one byte more that may belong to a line end. */
  private held = 0;

  constructor(
    private readonly lineBytes: number,
    private readonly line: LineReader,
  ) {}

  push(output: Uint8Array): void {
    for (let at = 0; at < output.length; at += PIECE_BYTES)
      this.cut(this.decoder.decode(output.subarray(at, at + PIECE_BYTES), { stream: true }));
  }

  /** Ends the output: the remaining text is a line too. */
  end(): void {
    this.cut(this.decoder.decode());
    if (this.held > 0) this.whole(this.room, 0, this.held);
    this.held = 0;
  }

  private cut(text: string): void {
    if (text === '') return;
    const { held } = this;
    const hasNul = text.includes('\0');
    const room = this.roomFor(held + text.length * (hasNul ? NUL_BYTES : MOST_BYTES));
    const fresh = hasNul ? text.replaceAll('\0', '\\u0000') : text;
    const bytes = room.subarray(0, held + this.encoder.encodeInto(fresh, room.subarray(held)).written);
    let from = 0;
    // The buffered text contains no line end.
    for (let end = bytes.indexOf(LF, held); end >= 0; end = bytes.indexOf(LF, from)) {
      this.whole(bytes, from, end > from && bytes[end - 1] === CR ? end - 1 : end);
      from = end + 1;
    }
    while (bytes.length - from > this.lineBytes + 1) from = this.part(bytes, from);
    room.copyWithin(0, from, bytes.length);
    this.held = bytes.length - from;
  }

  private roomFor(bytes: number): Uint8Array {
    if (this.room.length >= bytes) return this.room;
    const { room, held } = this;
    this.room = new Uint8Array(bytes);
    this.room.set(room.subarray(0, held));
    return this.room;
  }

  private whole(bytes: Uint8Array, begin: number, end: number): void {
    let from = begin;
    while (end - from > this.lineBytes) from = this.part(bytes, from);
    this.line(bytes.subarray(from, end), false);
  }

  /** The end of the longest part that does not split a character. */
  private part(bytes: Uint8Array, from: number): number {
    let to = from + this.lineBytes;
    while (isWithinCharacter(bytes[to])) to--;
    this.line(bytes.subarray(from, to), true);
    return to;
  }
}

/** True for a continuation byte of UTF-8. */
function isWithinCharacter(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}
