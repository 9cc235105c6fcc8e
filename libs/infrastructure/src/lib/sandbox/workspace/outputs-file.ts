import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocument } from '@taskrunner/core/document';
import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { StepWorkspace } from '@taskrunner/core/ports';
import { refusal, systemCode } from '../launch/sandbox-error';

/** Name of the outputs file in a workspace; `TASKRUNNER_OUTPUTS` points to it. */
export const OUTPUTS_FILE = 'outputs.json';

const MAX_BYTES = 1024 * 1024;
/** Characters that JSON allows in a string as they are, and the document reader, which also reads YAML, only as escapes. */
const NOT_IN_YAML = /[\u007f-\u009f\ufffe\uffff]/g;
/** Bytes of an escape for each byte that it replaces, at most. */
const ESCAPED = 6;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * Reads the outputs of a step; `{}` if it wrote none. May run only after the step has ended. Throws `OUTPUTS_REFUSED` for anything but a
 * regular file with one link, and `OUTPUTS_INVALID` for anything but one JSON object of at most 1 MiB.
 */
export async function readOutputs(workspace: StepWorkspace): Promise<JsonObject> {
  // Only the last component of the path is controlled by the step. Opening it neither follows a link nor blocks.
  let file: FileHandle;
  try {
    file = await open(join(workspace.path, OUTPUTS_FILE), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw refusal('OUTPUTS_REFUSED', 'the outputs file is not a readable regular file', { cause: error });
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.nlink !== 1)
      throw refusal('OUTPUTS_REFUSED', 'the outputs file is not a regular file with exactly one hard link');
    if (stat.size > MAX_BYTES)
      throw refusal('OUTPUTS_INVALID', `the outputs file has ${stat.size} bytes; at most ${MAX_BYTES} are allowed`);
    const { bytesRead, buffer } = await file.read(new Uint8Array(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
    if (bytesRead > MAX_BYTES) throw refusal('OUTPUTS_INVALID', 'the outputs file grew while it was read');
    return parseOutputs(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function parseOutputs(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {};
  let [text, value]: [string, Json] = ['', null];
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text) as Json;
  } catch {
    throw refusal('OUTPUTS_INVALID', 'the outputs file is not JSON in UTF-8');
  }
  // JSON.parse accepts duplicate keys and rounds large integers. The document reader refuses both.
  const document = readDocument(Buffer.from(text.replace(NOT_IN_YAML, escaped)), { maxBytes: ESCAPED * MAX_BYTES });
  if (document.kind === 'refused') {
    const [fault] = document.faults;
    throw refusal('OUTPUTS_INVALID', `the outputs file, line ${fault?.line ?? 1}: ${fault?.message ?? 'not readable'}`);
  }
  if (!isJsonObject(value)) throw refusal('OUTPUTS_INVALID', 'the outputs file is not a JSON object');
  return value;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
