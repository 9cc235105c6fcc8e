import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { readDocument, type ReadDocument } from '@taskrunner/core/document';
import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { Pack } from '@taskrunner/core/pack';
import { CliError } from '../terminal/cli-error';
import { faultLines } from '../terminal/print-faults';
import { bytesOf, unreadable } from './pack-argument';
import { refuseNoFile } from '../files/special-file';

/** Values of `--inputs` and `-i`. */
export interface InputOptions {
  readonly inputs?: string;
  readonly input?: readonly string[];
}

/** A local file that is an input of type `file`. */
export interface InputFile {
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly size: number;
}

type Rules = Pick<Pack['spec'], 'inputs'>['inputs'];
/** Reads stdin: `--inputs -`. */
type ReadStdin = () => Promise<Uint8Array>;

/**
 * The inputs of a run: those of the file (YAML or JSON, `-` = stdin), then each `name=value` or `name=@file` over them, once for each name. The type of the
 * input determines how a value is read: a text unchanged, others as JSON. `@file` is the content for a text, the digest for a file, and a
 * YAML or JSON document for other types. `onFile` is called for each file whose digest is an input.
 */
export async function readInputs(
  options: InputOptions,
  rules: Rules,
  stdin: ReadStdin,
  onFile: (file: InputFile) => void = () => undefined,
): Promise<JsonObject> {
  const inputs: Record<string, Json> = {
    ...(options.inputs === undefined ? {} : await readInputFile(options.inputs, stdin)),
  };
  const seen = new Set<string>();
  for (const written of options.input ?? []) {
    const { name, value } = splitAssignment(written);
    if (seen.has(name)) throw statedTwice(name);
    seen.add(name);
    const rule = rules.find((one) => one.name === name);
    if (!value.startsWith('@')) inputs[name] = fromText(name, value, rule?.type);
    else if (rule?.type === 'file') {
      const file = { name, path: value.slice(1), ...(await digestOfFile(value.slice(1))) };
      onFile(file);
      inputs[name] = { digest: file.digest, size: file.size };
    } else inputs[name] = await fromFile(name, value.slice(1), rule?.type);
  }
  return inputs;
}

function statedTwice(name: string): CliError {
  return new CliError(
    'CLI_USAGE',
    `-i ${name}: the input has one value, and was given again`,
    'Write it once. A list is one JSON value: -i \'name=["a","b"]\'.',
  );
}

/** `name=value`. */
export function splitAssignment(written: string): { readonly name: string; readonly value: string } {
  const equals = written.indexOf('=');
  if (equals > 0) return { name: written.slice(0, equals), value: written.slice(equals + 1) };
  throw new CliError('CLI_USAGE', 'an input must have the form name=value or name=@file', 'Use -i name=value.');
}

/**
 * A value on the command line. If the pack does not declare the name, JSON if it is valid JSON, otherwise a text; planning then reports the
 * fault.
 */
export function fromText(name: string, value: string, type: string | undefined): Json {
  if (type === 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    if (type === undefined) return value;
    throw new CliError(
      'CLI_INPUT',
      `the input ${name} is not ${type === 'file' ? 'a file' : `of type ${type}`}`,
      help(name, type),
    );
  }
}

function help(name: string, type: string): string {
  return type === 'file'
    ? `Use -i ${name}=@path.`
    : `Write the value as JSON, such as -i '${name}=${EXAMPLES[type] ?? 'null'}'.`;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  number: '1.5',
  integer: '3',
  boolean: 'true',
  array: '["a"]',
  object: '{"a":1}',
};

async function fromFile(name: string, path: string, type: string | undefined): Promise<Json> {
  const bytes = await bytesOf(path);
  if (type === 'string' || type === undefined) return decode(name, path, bytes);
  return readDocumentFile(bytes, path);
}

async function digestOfFile(path: string): Promise<Pick<InputFile, 'digest' | 'size'>> {
  // It is read once for its digest, and again to send it.
  refuseNoFile(path);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) {
      hash.update(piece);
      size += piece.length;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

function decode(name: string, path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new CliError('CLI_INPUT', `${path} is not UTF-8, which the input ${name} requires`, 'Save it as UTF-8.', [], {
      cause: error,
    });
  }
}

async function readInputFile(path: string, stdin: ReadStdin): Promise<JsonObject> {
  const bytes = path === '-' ? await stdin() : await bytesOf(path);
  const value = readDocumentFile(bytes, path);
  if (isJsonObject(value)) return value;
  throw new CliError(
    'CLI_INPUT',
    `${path} does not contain an object`,
    'Write the inputs as an object with their names as keys.',
  );
}

/** The value in a YAML or JSON file. Throws `CLI_FILE`, or `CLI_INPUT` with all its faults. */
export async function readDocumentAt(path: string): Promise<Json> {
  return readDocumentFile(await bytesOf(path), path);
}

/** A YAML or JSON file. Throws `CLI_INPUT` with all its faults. */
function readDocumentFile(bytes: Uint8Array, path: string): Json {
  return readPlacedDocument(bytes, path).value;
}

/** The same, with the positions of its parts. */
export function readPlacedDocument(bytes: Uint8Array, path: string): ReadDocument {
  const document = readDocument(bytes, { maxBytes: 64 * 1024 * 1024 });
  if (document.kind === 'read') return document;
  const [first = '', remedy = ''] = faultLines(document.faults.slice(0, 1), path);
  throw new CliError('CLI_INPUT', first, remedy.replace(/^help: /, ''), document.faults.slice(1));
}
