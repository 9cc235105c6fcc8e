import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Digest, ObjectStore, TenantId } from '@taskrunner/core';
import type { Request, Response } from 'express';
import { readRange } from './byte-range';

/** Bytes to hand out. */
export interface Download {
  readonly tenant: TenantId;
  readonly digest: Digest;
  readonly size: number;
  readonly fileName: string;
  readonly mediaType: string;
}

/** Sends an object as a file, or a range of it. Whatever it holds, no browser shows or runs it in our name. */
export async function sendObject(
  objects: ObjectStore,
  request: Request,
  response: Response,
  download: Download,
): Promise<void> {
  const { tenant, digest, size } = download;
  const tag = `"${digest}"`;
  response.setHeader('ETag', tag);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'private, no-cache');
  response.setHeader('Content-Disposition', dispositionOf(download.fileName));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
  // RFC 9530: of the whole representation, also with a range.
  response.setHeader(
    'Repr-Digest',
    `sha-256=:${Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64')}:`,
  );
  if (request.get('if-none-match') === tag) {
    response.status(304).end();
    return;
  }
  const condition = request.get('if-range');
  const range = condition === undefined || condition === tag ? readRange(request.get('range'), size) : null;
  if (range === 'unsatisfiable') {
    response.status(416).setHeader('Content-Range', `bytes */${size}`).end();
    return;
  }
  const bytes = await objects.open(tenant, digest, range ?? undefined);
  response.status(range ? 206 : 200);
  if (range) response.setHeader('Content-Range', `bytes ${range.first}-${range.last}/${size}`);
  response.setHeader('Content-Length', range ? range.last - range.first + 1 : size);
  response.setHeader('Content-Type', safeMediaType(download.mediaType));
  await pipeline(Readable.from(bytes), response);
}

/** RFC 6266: the name in ASCII, and as it is. */
function dispositionOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200) || 'download';
  const encoded = encodeURIComponent(name.toWellFormed().slice(0, 200)).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function safeMediaType(mediaType: string): string {
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(; ?charset=[a-z0-9-]+)?$/i.test(mediaType)
    ? mediaType
    : 'application/octet-stream';
}
