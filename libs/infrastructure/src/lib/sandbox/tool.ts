import { createHash } from 'node:crypto';
import { createReadStream, statSync, type BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Digest } from '@taskrunner/core/foundation';
import type { StepTool, StepToolFile } from '@taskrunner/core/ports';
import { refusal } from './launch/sandbox-error';
import { isOfSystem, type Resolved, type View } from './view';

/** The bytes of an executable file. */
interface Content {
  readonly digest: Digest;
  /** First line, of at most 256 bytes, read as Latin-1. */
  readonly line: string;
}

const MOST_CONTENTS = 1_000;
const contents = new Map<string, Content>();

/** An executable file of the sandbox. */
interface Executable extends Resolved {
  /** Path by which it was asked for. */
  readonly command: string;
  readonly status: BigIntStats;
}

/**
 * Finds and hashes argv[0] before the step starts. A name with a slash is absolute or relative to `/task`; one without is searched for in
 * the fixed PATH. Throws `TOOL_NOT_FOUND` or `TOOL_REFUSED`.
 */
export async function resolveTool(view: View, path: string, task: string, argv0: string): Promise<StepTool> {
  const found = await executableOf(view, path, task, argv0);
  const { digest, line } = await contentOf(found);
  const interpreters = await interpretersOf(view, path, task, line);
  return { command: found.command, path: found.path, digest, interpreters };
}

function executableOf(view: View, path: string, folder: string, name: string): Promise<Executable> {
  return name.includes('/') ? executable(view, posix.resolve(folder, name)) : findCommand(view, path, name);
}

async function findCommand(view: View, path: string, name: string): Promise<Executable> {
  for (const folder of name === '' ? [] : path.split(':')) {
    const command = `${folder}/${name}`;
    const found = await view.resolve(command);
    if (found === null) continue;
    const status = await statusOf(found.source);
    if (isExecutable(status)) return { ...found, command, status };
  }
  throw refusal('TOOL_NOT_FOUND', `no ${JSON.stringify(name)} in ${path}`);
}

async function executable(view: View, command: string): Promise<Executable> {
  const found = await view.resolve(command);
  if (found === null) throw refusal('TOOL_NOT_FOUND', `no ${JSON.stringify(command)} in the sandbox`);
  const status = await statusOf(found.source);
  if (isExecutable(status)) return { ...found, command, status };
  throw refusal('TOOL_REFUSED', `${JSON.stringify(command)} is not a regular, executable file`);
}

const isExecutable = (found: BigIntStats) => found.isFile() && (found.mode & 0o111n) !== 0n;

function statusOf(source: string): BigIntStats | Promise<BigIntStats> {
  return isOfSystem(source) ? statSync(source, { bigint: true }) : stat(source, { bigint: true });
}

/** Shebang as in execve(2): `#!`, spaces, a path, and the rest of the line as one argument, within the first 256 bytes. */
async function interpretersOf(view: View, path: string, task: string, line: string): Promise<StepToolFile[]> {
  const [, interpreter, argument = ''] = /^#![ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (interpreter === undefined) return [];
  const chain = [await hashed(await executable(view, posix.resolve('/', interpreter)))];
  if (posix.basename(interpreter) === 'env' && argument !== '') {
    const name = argument.split(/[ \t]+/).find((word) => !word.startsWith('-') && !word.includes('=')) ?? '';
    chain.push(await hashed(await executableOf(view, path, task, name)));
  }
  return chain;
}

async function hashed(found: Executable): Promise<StepToolFile> {
  return { path: found.path, digest: (await contentOf(found)).digest };
}

/** Files are read once. The cache assumes that a file with the same inode and change time is unchanged. */
async function contentOf({ source, status }: Executable): Promise<Content> {
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  const key = [dev, ino, size, mtimeNs, ctimeNs].join(':');
  const known = contents.get(key);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(source) as AsyncIterable<Uint8Array>) hash.update(chunk);
  const content = { digest: `sha256:${hash.digest('hex')}` as Digest, line: await firstLineOf(source) };
  if (contents.size >= MOST_CONTENTS) contents.clear();
  contents.set(key, content);
  return content;
}

async function firstLineOf(source: string): Promise<string> {
  const file = await open(source, 'r');
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(256), 0, 256, 0);
    return new TextDecoder('latin1').decode(buffer.subarray(0, bytesRead)).split('\n', 1)[0] ?? '';
  } finally {
    await file.close();
  }
}
