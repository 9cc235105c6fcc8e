import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { InputFile } from '../packs/input-arguments';
import { CliError } from '../terminal/cli-error';
import type { Client } from './client';

/** Uploads a file for the submission of a run. Throws `ServerProblem`, and `CLI_INPUT` if the file has changed meanwhile. */
export async function uploadFile(client: Client, { name, path, digest, size }: InputFile): Promise<void> {
  // A file that has grown is cut at the hashed size. The server refuses one that has shrunk.
  const end = Math.max(0, size - 1);
  const content =
    size === 0
      ? (new Blob([]).stream() as ReadableStream<Uint8Array>)
      : (Readable.toWeb(createReadStream(path, { end })) as ReadableStream<Uint8Array>);
  const { body } = await client.ask('/api/uploads', { method: 'POST', bytes: { content, size } });
  if ((body as { readonly digest?: unknown }).digest === digest) return;
  const help = 'Wait until the file no longer changes, and try again.';
  throw new CliError('CLI_INPUT', `${path} changed while it was read for the input ${name}`, help);
}
