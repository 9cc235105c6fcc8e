import { execFile } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';

/** Number of FIFOs in the first batch, and the most in one. The program that creates them costs more than they do. */
const [FIRST_BATCH, LARGEST_BATCH] = [24, 384];
/** Capacity of a pipe. */
const CHUNK_BYTES = 64 * 1024;
const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** A FIFO between a child and this process. No other process relays the bytes, so the kernel itself applies backpressure to the child. */
export interface Pipe {
  readonly path: string;
  /** This process's end. */
  readonly socket: Socket;
  /** Must be called when the child has its end, or will never have it. It makes the end of the stream visible and unlinks the FIFO. */
  handedOver(): void;
}

/** A pipe that the child writes to. */
export interface OutputPipe extends Pipe {
  /**
   * Passes on chunks one at a time. Nothing is read while the returned promise is pending: the pipe fills and the child blocks. The memory
   * of a chunk is reused for the next one. Resolves at the end, or when the socket is destroyed.
   */
  read(take: (chunk: Uint8Array) => Promise<void>): Promise<void>;
}

/** Creates FIFOs in batches. Node offers no other way to create a pipe or to pass one to a grandchild. */
export class Pipes {
  /** Private to this user. The supervisor removes it when it ends. */
  readonly folder: string;
  private readonly ready: string[] = [];
  private filling: Promise<void> | null = null;
  private made = 0;
  private batch = FIRST_BATCH;

  /** @param parent folder in which the pipes get a folder of their own */
  constructor(parent: string) {
    this.folder = mkdtempSync(join(parent, 'taskrunner-pipes-'));
  }

  /** A pipe from the child to this process. */
  async fromChild(): Promise<OutputPipe> {
    const path = await this.take();
    const fd = openSync(path, O_RDONLY | O_NONBLOCK);
    const other = openSync(path, O_WRONLY | O_NONBLOCK);
    let begin!: (take: (chunk: Uint8Array) => Promise<void>) => void;
    const taker = new Promise<Parameters<typeof begin>[0]>((resolve) => (begin = resolve));
    // All reads share one buffer. Separate buffers would accumulate 64 MiB and more until garbage collection.
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const callback = (size: number): boolean => {
      void taker.then((take) => take(buffer.subarray(0, size))).finally(() => socket.resume());
      return false;
    };
    // `connect` passes these options on; @types/node declares them for the constructor only.
    const options: SocketConstructorOpts & ConnectOpts = { fd, writable: false, onread: { buffer, callback } };
    const socket = new Socket({ ...options, readable: true });
    const read: OutputPipe['read'] = async (take) => {
      begin(take);
      socket.resume();
      await finished(socket, { writable: false }).catch(() => undefined);
    };
    return { ...held(path, other, socket), read };
  }

  /** A pipe from this process to the child. */
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
    const paths = Array.from({ length: this.batch }, () => join(this.folder, String(this.made++)));
    this.batch = Math.min(LARGEST_BATCH, 2 * this.batch);
    // The folder excludes other users. The mode lets a step of another user open /dev/stdout, which leads here.
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
