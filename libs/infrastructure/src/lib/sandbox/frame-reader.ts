import { refusal } from './launch/sandbox-error';

const MAX_HEADER = 1024 * 1024;

/** Transfers bytes from a producer to a consumer. A push waits until its bytes are consumed. */
export class Handoff {
  private waiting: { readonly chunk: Uint8Array; readonly taken: () => void } | null = null;
  private wanted: (() => void)[] = [];
  private ended = false;

  push(chunk: Uint8Array): Promise<void> {
    return new Promise((taken) => {
      this.waiting = { chunk, taken };
      this.wake();
    });
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  /** Null at the end. */
  async next(): Promise<Uint8Array | null> {
    while (this.waiting === null) {
      if (this.ended) return null;
      await new Promise<void>((resolve) => this.wanted.push(resolve));
    }
    const { chunk, taken } = this.waiting;
    this.waiting = null;
    taken();
    return chunk;
  }

  private wake(): void {
    for (const resolve of this.wanted.splice(0)) resolve();
  }
}

/** Splits the collector's response into headers and the bytes that follow them. */
export class FrameReader {
  private rest = new Uint8Array(0);

  constructor(private readonly source: Handoff) {}

  /** The next header. Throws `COLLECTOR_FAILED` if the response ends before it. */
  async header(): Promise<unknown> {
    const prefix = await this.exactly(4);
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0);
    if (length > MAX_HEADER) throw refusal('COLLECTOR_FAILED', 'the collector sent a header that is too long');
    return JSON.parse(new TextDecoder().decode(await this.exactly(length)));
  }

  /** Exactly `size` bytes, in pieces as they arrive. */
  async *bytes(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (this.rest.length === 0) this.rest = await this.more();
      const piece = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  private async exactly(length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    let at = 0;
    for await (const piece of this.bytes(length)) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  private async more(): Promise<Uint8Array<ArrayBuffer>> {
    const chunk = await this.source.next();
    if (chunk === null) throw refusal('COLLECTOR_FAILED', 'the collector ended before its response was complete');
    return new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
  }
}
