import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { pipeline } from 'node:stream/promises';
import { makeFolders } from '@taskrunner/infrastructure/files';
import { refuseNoFile } from '../files/special-file';
import { CliError } from '../terminal/cli-error';

/** Converts a name from the server into the name of one local file. */
export function fileName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._:[\]-]/g, '_').slice(0, 200);
  return /^\.*$/.test(plain) ? '_' : plain;
}

/** Writes the bytes to a file that appears only when they are complete and correct. Returns their digest. */
export async function save(content: object, target: string, expected: string | null): Promise<string> {
  // It is replaced by the file.
  refuseNoFile(target);
  const draft = `${target}.${process.pid}.part`;
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await makeFolders(join(target, '..'));
    await pipeline(Readable.fromWeb(content as ReadableStream), hashing, createWriteStream(draft));
    const digest = `sha256:${hash.digest('hex')}`;
    if (expected !== null && digest !== expected)
      throw new CliError(
        'CLI_SERVER_ANSWER',
        `the content of ${basename(target)} does not match its digest`,
        'Try again. If the error persists, contact the operator.',
      );
    await rename(draft, target);
    return digest;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
