import { execFile } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';

const BATCH = 24;
/** What a pipe holds. */
const CHUNK_BYTES = 64 * 1024;
const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** One FIFO between a child and this process. Bytes pass through nobody else, so the kernel itself holds the child back. */
export interface Pipe {
  readonly path: string;
  /** This process's end. */
  readonly socket: Socket;
  /** Must be called once the child has its end, or will never have one: lets the end of the stream be seen, and unlinks the FIFO. */
  handedOver(): void;
}

/** What a child writes. */
export interface OutputPipe extends Pipe {
  /**
   * Hands on what comes, one chunk at a time; while a promise is open nothing is read, the pipe fills, and the child blocks. The memory of
   * a chunk is used again for the next one. Resolves at the end, or when the socket is destroyed.
   */
  read(take: (chunk: Uint8Array) => Promise<void>): Promise<void>;
}

/** Makes FIFOs: Node can neither make a pipe nor give one to a grandchild in another way. They are made in batches. */
export class Pipes {
  /** Private to this user; the supervisor removes it when it ends. */
  readonly folder: string;
  private readonly ready: string[] = [];
  private filling: Promise<void> | null = null;
  private made = 0;

  /** @param parent folder in which the pipes get a folder of their own */
  constructor(parent: string) {
    this.folder = mkdtempSync(join(parent, 'taskrunner-pipes-'));
  }

  /** The child writes, this process reads. */
  async fromChild(): Promise<OutputPipe> {
    const path = await this.take();
    const fd = openSync(path, O_RDONLY | O_NONBLOCK);
    const other = openSync(path, O_WRONLY | O_NONBLOCK);
    let begin!: (take: (chunk: Uint8Array) => Promise<void>) => void;
    const taker = new Promise<Parameters<typeof begin>[0]>((resolve) => (begin = resolve));
    // One buffer for all that comes: a buffer for each piece would pile up until they are collected, 64 MiB and more of them.
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const callback = (size: number): boolean => {
      void taker.then((take) => take(buffer.subarray(0, size))).finally(() => socket.resume());
      return false;
    };
    // As `connect` hands it on; @types/node does not know that it is the constructor's own.
    const options: SocketConstructorOpts & ConnectOpts = { fd, writable: false, onread: { buffer, callback } };
    const socket = new Socket({ ...options, readable: true });
    const read: OutputPipe['read'] = async (take) => {
      begin(take);
      socket.resume();
      await finished(socket, { writable: false }).catch(() => undefined);
    };
    return { ...held(path, other, socket), read };
  }

  /** This process writes, the child reads. */
  async toChild(): Promise<Pipe> {
    const path = await this.take();
    const other = openSync(path, O_RDONLY | O_NONBLOCK);
    const fd = openSync(path, O_WRONLY | O_NONBLOCK);
    return held(path, other, new Socket({ fd, readable: false, writable: true }));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async take(): Promise<string> {
    for (;;) {
      const path = this.ready.pop();
      if (path !== undefined) return path;
      this.filling ??= this.fill().finally(() => (this.filling = null));
      await this.filling;
    }
  }

  private async fill(): Promise<void> {
    const paths = Array.from({ length: BATCH }, () => join(this.folder, String(this.made++)));
    // The folder keeps others out. The mode lets a step of another user open /dev/stdout, which leads here.
    await promisify(execFile)('mkfifo', ['-m', '666', ...paths]);
    this.ready.push(...paths);
  }
}

function held(path: string, other: number, socket: Socket): Pipe {
  let open = true;
  return {
    path,
    socket,
    handedOver: () => {
      if (!open) return;
      open = false;
      closeSync(other);
      unlinkSync(path);
    },
  };
}
