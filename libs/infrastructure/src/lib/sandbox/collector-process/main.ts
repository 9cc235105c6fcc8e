// The collector: a process in a fresh sandbox that sees a single workspace, read-only, after its step has ended. The worker may add an
// empty folder for large files. The content of the workspace is untrusted.
import { closeSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { copy, Cut } from './copy';
import { Folder, Refused } from './folder';
import type { CollectRequest, FrameHeader } from './protocol';
import { Surveyor, type Entry, type Survey } from './survey';

const PIECE = 256 * 1024;
const [, , root = '', folder = ''] = process.argv;
const { artifacts, limits, stage } = JSON.parse(readFileSync(0, 'utf8')) as CollectRequest;
let staged = 0;

async function collect(): Promise<void> {
  const surveyor = new Surveyor(root, limits);
  const surveys = artifacts.map(({ path, optional }, artifact): Survey | null => {
    try {
      const survey = surveyor.survey(path);
      if (survey === null && !optional)
        send({ type: 'fault', artifact, code: 'ARTIFACT_MISSING', path, message: 'there is no such file or folder' });
      return survey;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      send({ type: 'fault', artifact, code: error.code, path: error.path, message: error.message });
      return null;
    }
  });
  for (const [artifact, survey] of surveys.entries()) {
    if (survey === null) continue;
    if (survey.kind === 'files') {
      for (const file of survey.files) if (!(await writeArtifact(artifact, file))) sendEntry(artifact, file, file.path);
    } else {
      send({ type: 'tar-begin', artifact, path: survey.folder });
      for (const entry of survey.entries) sendEntry(artifact, entry, entry.path.slice(survey.folder.length + 1));
      send({ type: 'tar-end', artifact });
    }
  }
  send({ type: 'end' });
}

/**
 * Writes a large file to the folder. Returns false if it is small or cannot be written there. It is then sent, and the object store reports
 * the error.
 */
async function writeArtifact(artifact: number, { path, size }: Extract<Entry, { kind: 'file' }>): Promise<boolean> {
  if (stage === null || size < stage.minBytes || size > stage.maxBytes) return false;
  const file = String(staged++);
  const fd = openFile(path, size);
  try {
    const digest = await copy(fd, join(folder, file), size);
    send({ type: 'staged', artifact, path, file, size, digest });
    return true;
  } catch (error) {
    if (error instanceof Cut) throw cut(path);
    rmSync(join(folder, file), { force: true, recursive: true });
    return false;
  } finally {
    closeSync(fd);
  }
}

function sendEntry(artifact: number, entry: Entry, path: string): void {
  if (entry.kind === 'folder') return send({ type: 'folder', artifact, path });
  const { size, executable } = entry;
  const fd = openFile(entry.path, size);
  try {
    send({ type: 'file', artifact, path, size, executable });
    const piece = new Uint8Array(PIECE);
    for (let left = size; left > 0;) {
      const count = readSync(fd, piece, 0, Math.min(PIECE, left), null);
      // The header promised more bytes. A response that ends here is incomplete and is rejected.
      if (count === 0) throw cut(entry.path);
      write(piece.subarray(0, count));
      left -= count;
    }
  } finally {
    closeSync(fd);
  }
}

function cut(path: string): Refused {
  return new Refused('ARTIFACT_REFUSED', path, 'the file was truncated while it was collected');
}

function openFile(path: string, size: number): number {
  const parts = path.split('/');
  const opened = [Folder.open(root)];
  try {
    for (const part of parts.slice(0, -1)) opened.push((opened.at(-1) as Folder).folder(part));
    return (opened.at(-1) as Folder).file(parts.at(-1) ?? '', size);
  } finally {
    for (const folder of opened) folder.close();
  }
}

function send(header: FrameHeader): void {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const frame = new Uint8Array(4 + text.length);
  new DataView(frame.buffer).setUint32(0, text.length);
  frame.set(text, 4);
  write(frame);
}

/** Blocks while the worker does not read. */
function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}

void collect();
