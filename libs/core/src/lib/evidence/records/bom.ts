import { canonical } from '../../canonical/canonical';
import type { Digest } from '../../foundation/ids';
import { isJsonObject, type JsonObject } from '../../foundation/json';
import type { Page } from '../../journal/page';
import { parseStrictJson, parseUtf8, toUtf8 } from '../encoding/strict-json';

/** Media type of artifacts that get a statement of their own (IANA, registered by CycloneDX). */
const MEDIA_TYPE = 'application/vnd.cyclonedx+json';
/** Maximum size in bytes. A larger document is only an artifact. */
const MAX_BYTES = 8 * 1024 * 1024;

/** True for the media type of CycloneDX documents in JSON, whatever its parameters. */
export function isBomType(mediaType: string): boolean {
  return mediaType.replace(/;.*$/s, '').trim().toLowerCase() === MEDIA_TYPE;
}

/** A CycloneDX document of at most 8 MiB from its bytes; null if the bytes are not one, or have no RFC 8785 form. */
export function readBom(bytes: Uint8Array): JsonObject | null {
  return read(bytes)?.bom ?? null;
}

/** The RFC 8785 text in which a statement would hold the document; null if there is none. */
export function bomText(bytes: Uint8Array): Uint8Array | null {
  const found = read(bytes);
  return found && toUtf8(found.text);
}

function read(bytes: Uint8Array): { readonly bom: JsonObject; readonly text: string } | null {
  if (bytes.length > MAX_BYTES) return null;
  try {
    const bom = parseStrictJson(parseUtf8(bytes));
    return isJsonObject(bom) && bom['bomFormat'] === 'CycloneDX' ? { bom, text: canonical(bom) } : null;
  } catch {
    return null;
  }
}

/** Digests of all artifacts of this media type that a journal names. */
export function bomDigests(pages: readonly Page[]): ReadonlySet<Digest> {
  const digests = new Set<Digest>();
  for (const { event } of pages.flatMap(({ entries }) => entries))
    if (event.type === 'artifact.captured' && isBomType(event.mediaType)) digests.add(event.digest);
  return digests;
}
