import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Digest } from '@taskrunner/core/foundation';
import type { StepTool, StepToolFile } from '@taskrunner/core/ports';
import { refusal } from './launch/sandbox-error';
import type { View } from './view';

const digests = new Map<string, Digest>();

/**
 * Finds and hashes argv[0] before the step starts. A name with a slash is absolute or relative to `/task`; one without is searched for in
 * the fixed PATH. Throws `TOOL_NOT_FOUND` or `TOOL_REFUSED`.
 */
export async function resolveTool(view: View, path: string, task: string, argv0: string): Promise<StepTool> {
  const command = argv0.includes('/') ? posix.resolve(task, argv0) : await findCommand(view, path, argv0);
  const found = await executable(view, command);
  return {
    command,
    path: found.path,
    digest: await digestOfFile(found.source),
    interpreters: await interpretersOf(view, path, task, found.source),
  };
}

async function findCommand(view: View, path: string, name: string): Promise<string> {
  for (const folder of name === '' ? [] : path.split(':')) {
    const command = `${folder}/${name}`;
    const found = await view.resolve(command);
    if (found !== null && isExecutable(await stat(found.source))) return command;
  }
  throw refusal('TOOL_NOT_FOUND', `no ${JSON.stringify(name)} in ${path}`);
}

async function executable(view: View, command: string) {
  const found = await view.resolve(command);
  if (found === null) throw refusal('TOOL_NOT_FOUND', `no ${JSON.stringify(command)} in the sandbox`);
  if (!isExecutable(await stat(found.source)))
    throw refusal('TOOL_REFUSED', `${JSON.stringify(command)} is not a regular, executable file`);
  return found;
}

const isExecutable = (found: { isFile(): boolean; mode: number }) => found.isFile() && (found.mode & 0o111) !== 0;

/** Shebang as in execve(2): `#!`, spaces, a path, and the rest of the line as one argument, within the first 256 bytes. */
async function interpretersOf(view: View, path: string, task: string, source: string): Promise<StepToolFile[]> {
  const file = await open(source, 'r');
  let line: string;
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(256), 0, 256, 0);
    line = new TextDecoder('latin1').decode(buffer.subarray(0, bytesRead)).split('\n', 1)[0] ?? '';
  } finally {
    await file.close();
  }
  const [, interpreter, argument = ''] = /^#![ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (interpreter === undefined) return [];
  const chain = [await hashed(view, posix.resolve('/', interpreter))];
  if (posix.basename(interpreter) === 'env' && argument !== '') {
    const name = argument.split(/[ \t]+/).find((word) => !word.startsWith('-') && !word.includes('=')) ?? '';
    chain.push(
      await hashed(view, name.includes('/') ? posix.resolve(task, name) : await findCommand(view, path, name)),
    );
  }
  return chain;
}

async function hashed(view: View, command: string): Promise<StepToolFile> {
  const { path, source } = await executable(view, command);
  return { path, digest: await digestOfFile(source) };
}

/** Large interpreters are hashed once. The cache assumes that a file with the same inode and change time is unchanged. */
async function digestOfFile(path: string): Promise<Digest> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const key = [dev, ino, size, mtimeNs, ctimeNs].join(':');
  const known = digests.get(key);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  const digest = `sha256:${hash.digest('hex')}` as Digest;
  if (digests.size >= 1_000) digests.clear();
  digests.set(key, digest);
  return digest;
}
