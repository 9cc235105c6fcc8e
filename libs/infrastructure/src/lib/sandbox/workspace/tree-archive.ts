import { pack, type Pack } from 'tar-stream';

/** A deterministic tar, written while it is read. Entries keep their order, and all variable metadata is zero. */
export class TreeArchive {
  private readonly tar: Pack = pack();

  /** Content of the archive. The writer waits for the reader. */
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

  /** Discards further writes, after the reader has left or the writer has failed. */
  abandon(error?: Error): void {
    this.tar.destroy(error ?? null);
  }

  private async add(header: Parameters<Pack['entry']>[0], content: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.tar.destroyed) return pass(content);
    const closed = new Promise<void>((resolve) => this.tar.once('close', () => resolve()));
    let enter: () => void = () => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const entry = this.tar.entry(header, () => enter());
    // The archive has already reported its error.
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
