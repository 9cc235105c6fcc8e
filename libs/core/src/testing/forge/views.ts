import { canonical } from '../../lib/canonical/canonical';
import { isJsonObject, type Json, type JsonObject } from '../../lib/foundation/json';
import type { Files } from './corpus';

/** A JSON value in a file of a bundle, and the file with another one in its place. */
export interface View {
  readonly path: string;
  /** The class of document. */
  readonly document: string;
  readonly value: Json;
  readonly put: (value: Json) => Uint8Array;
}

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^gates\/[0-9a-f]{64}\.json$/, 'gate request'],
  [/^gates\/.*show\.json$/, 'gate show'],
  [/^decisions\//, 'decision'],
  [/^resolutions\//, 'resolution'],
  [/^probes\//, 'probe'],
  [/^artifacts\//, 'artifact'],
  [/^logs\//, 'log'],
  [/^policies\//, 'policy text'],
  [/^pack\/files\//, 'pack file'],
  [/^pack\/signatures\//, 'pack signature'],
];

/** The class of document that stands at a path. */
export function documentAt(path: string): string {
  return NAMES.find(([pattern]) => pattern.test(path))?.[1] ?? path.replace(/\.sigstore\.json$|\.json$|\.ndjson$/, '');
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Every JSON value of a file: the file itself, each line, the payload of its envelope. Without JSON nothing. */
export function viewsOf(path: string, bytes: Uint8Array): readonly View[] {
  const document = documentAt(path);
  if (path.endsWith('.ndjson')) return lineViews(path, document, decode(bytes));
  if (!path.endsWith('.json')) return [];
  const value = JSON.parse(decode(bytes)) as Json;
  const whole: View = { path, document, value, put: (other) => encode(canonical(other)) };
  const payload = payloadIn(value);
  return payload === null ? [whole] : [{ ...whole, document: `${document} envelope` }, payloadView(whole, payload)];
}

function lineViews(path: string, document: string, text: string): readonly View[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, place) => ({
    path,
    document,
    value: JSON.parse(line) as Json,
    put: (other) => encode(lines.map((one, i) => `${i === place ? canonical(other) : one}\n`).join('')),
  }));
}

function payloadIn(value: Json): string | null {
  if (!isJsonObject(value)) return null;
  const envelope = isJsonObject(value['dsseEnvelope'] ?? null) ? (value['dsseEnvelope'] as JsonObject) : value;
  return typeof envelope['payload'] === 'string' ? envelope['payload'] : null;
}

function payloadView(whole: View, payload: string): View {
  const value = JSON.parse(Buffer.from(payload, 'base64').toString()) as Json;
  const put = (other: Json): Uint8Array => {
    const changed = Buffer.from(canonical(other)).toString('base64');
    return encode(canonical(whole.value).replace(payload, changed));
  };
  return { ...whole, value, put };
}

/** These files, one with other bytes, or without it. */
export function withFile(files: Files, path: string, bytes: Uint8Array | null): Files {
  const changed = new Map(files);
  if (bytes === null) changed.delete(path);
  else changed.set(path, bytes);
  return changed;
}
