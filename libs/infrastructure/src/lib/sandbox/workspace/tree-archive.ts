import { pack, type Pack } from 'tar-stream';

/** A deterministic tar, written entry by entry while it is read: names as they come, everything else that varies set to zero. */
export class TreeArchive {
  private readonly tar: Pack = pack();

  /** The bytes; the writer waits while nobody reads. */
  get content(): AsyncIterable<Uint8Array> {
    return this.tar as unknown as AsyncIterable<Uint8Array>;
  }

  async folder(path: string): Promise<void> {
    await this.add({ ...ZEROES, name: `${path}/`, type: 'directory', mode: 0o755, size: 0 }, nothing());
  }

  async file(path: string, size: number, executable: boolean, content: AsyncIterable<Uint8Array>): Promise<void> {
    await this.add({ ...ZEROES, name: path, type: 'file', mode: executable ? 0o755 : 0o644, size }, content);
  }

  end(): void {
    if (!this.tar.destroyed) this.tar.finalize();
  }

  /** The reader has left, or the writer failed: what is still written goes nowhere. */
  abandon(error?: Error): void {
    this.tar.destroy(error ?? null);
  }

  private async add(header: Parameters<Pack['entry']>[0], content: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.tar.destroyed) return pass(content);
    const closed = new Promise<void>((resolve) => this.tar.once('close', () => resolve()));
    let enter: () => void = () => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const entry = this.tar.entry(header, () => enter());
    // An abandoned tar has told its error already.
    entry.on('error', () => undefined);
    for await (const piece of content) {
      if (this.tar.destroyed || entry.write(piece)) continue;
      await Promise.race([new Promise<void>((resolve) => entry.once('drain', () => resolve())), closed]);
    }
    entry.end(undefined);
    await Promise.race([entered, closed]);
  }
}

async function pass(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content);
}

const ZEROES = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) };

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A folder has no content.
}
