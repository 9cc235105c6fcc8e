import { constants, fstatSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const rotateAtBytes = 10 * 1024 * 1024;
const followEveryMs = 200;

/**
 * The log of a server. The server writes directly to a file and not to a pipe of this process, because it must be able to log while this
 * process is stopped and after it has ended.
 */
export interface ServerLog {
  /** File descriptor for the server's stdout and stderr. */
  readonly fd: number;
  /** The last lines since `mark`, oldest first. */
  tail(count: number): Promise<string[]>;
  /** Makes `tail` return only lines that are written after this call. */
  mark(): void;
  /** Delivers the remaining lines and closes the log. */
  close(): Promise<void>;
}

/** Opens `server.log` in `directory` for appending. A file above 10 MiB is first renamed to `server.log.1`. */
export async function openServerLog(directory: string, onLine?: (line: string) => void): Promise<ServerLog> {
  const path = join(directory, 'server.log');
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > rotateAtBytes) await rename(path, `${path}.1`);
  const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
  const file = await open(path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW, 0o600);
  let marked = fstatSync(file.fd).size;
  let reported = marked;
  let writing = Promise.resolve();
  const reportNews = () =>
    (writing = writing.then(async () => {
      const text = await readFrom(file, reported);
      const whole = text.subarray(0, text.lastIndexOf(10) + 1);
      reported += whole.length;
      linesOf(whole).forEach((line) => onLine?.(line));
    }));
  const timer = onLine && setInterval(() => void reportNews().catch(() => undefined), followEveryMs).unref();
  return {
    fd: file.fd,
    mark: () => void (marked = fstatSync(file.fd).size),
    tail: async (count) => linesOf(await readFrom(file, marked)).slice(-count),
    async close() {
      clearInterval(timer);
      if (onLine) await reportNews().catch(() => undefined);
      await file.close();
    },
  };
}

async function readFrom(file: FileHandle, offset: number): Promise<Buffer> {
  const length = Math.max(0, Math.min(fstatSync(file.fd).size - offset, 1024 * 1024));
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return Buffer.from(bytes.buffer, 0, bytesRead);
}

function linesOf(text: Buffer): string[] {
  return text
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}
