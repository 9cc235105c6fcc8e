import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

const SEGMENT = /^[0-9A-F]{24}$/;
/** Size of a file of the write-ahead log. `initdb` is given no other one. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * Extends files of the write-ahead log that a damaged file system has cut, with zeros: their size when the server made them. The server reads
 * whole pages, and would take a page that was cut as the end of the log, with the commits at its beginning. Only for a stopped server.
 */
export async function completeSegments(pgdata: string, log: (line: string) => void): Promise<void> {
  const folder = join(pgdata, 'pg_wal');
  for (const name of await readdir(folder).catch(() => [])) {
    if (!SEGMENT.test(name)) continue;
    const { size } = await stat(join(folder, name));
    if (size >= SEGMENT_BYTES) continue;
    log(`extending the write-ahead log ${name}, which was cut to ${size} bytes`);
    await truncate(join(folder, name), SEGMENT_BYTES);
  }
}
