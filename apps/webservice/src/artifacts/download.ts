import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CodedError, type Digest, type TenantId } from '@taskrunner/core/foundation';
import type { ObjectStore } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { isKnown } from '../requests/entity-tag';
import { readRange } from './byte-range';

/** Bytes to send. */
export interface Download {
  readonly tenant: TenantId;
  readonly digest: Digest;
  readonly size: number;
  readonly fileName: string;
  readonly mediaType: string;
}

/**
 * Sends an object as a file, or a range of it. Headers keep browsers from showing or running it under our origin. Throws `OBJECT_MISSING`
 * and `OBJECT_RANGE`, and `OBJECT_DIGEST_MISMATCH` if the object is a single piece. A larger object that was altered is cut off before its
 * end.
 */
export async function sendObject(
  objects: ObjectStore,
  request: Request,
  response: Response,
  download: Download,
): Promise<void> {
  const { tenant, digest, size } = download;
  const tag = `"${digest}"`;
  if (isKnown(request, tag)) {
    response.status(304).setHeader('ETag', tag).end();
    return;
  }
  const condition = request.get('if-range');
  const range = condition === undefined || condition === tag ? readRange(request.get('range'), size) : null;
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${size}`);
    throw new CodedError(
      'OBJECT_RANGE',
      `the content has ${size} bytes`,
      'Request a range within the size of the content.',
    );
  }
  const bytes = await begun(await objects.open(tenant, digest, range ?? undefined));
  describe(response, download, tag);
  response.status(range ? 206 : 200);
  if (range) response.setHeader('Content-Range', `bytes ${range.first}-${range.last}/${size}`);
  response.setHeader('Content-Length', range ? range.last - range.first + 1 : size);
  await pipeline(Readable.from(bytes), response);
}

/** The pieces after the first one has arrived, so that its error is reported before the response begins. */
export async function begun(pieces: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  const all = async function* () {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return all();
}

function describe(response: Response, { digest, fileName, mediaType }: Download, tag: string): void {
  response.setHeader('ETag', tag);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'private, no-cache');
  response.setHeader('Content-Type', safeMediaType(mediaType));
  response.setHeader('Content-Disposition', dispositionOf(fileName));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
  // RFC 9530: of the whole representation, also with a range.
  const hash = Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64');
  response.setHeader('Repr-Digest', `sha-256=:${hash}:`);
}

/** RFC 6266: the name in ASCII, and unchanged. */
function dispositionOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200) || 'download';
  const encoded = encodeURIComponent(name.slice(0, 200).toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function safeMediaType(mediaType: string): string {
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(; ?charset=[a-z0-9-]+)?$/i.test(mediaType)
    ? mediaType
    : 'application/octet-stream';
}
