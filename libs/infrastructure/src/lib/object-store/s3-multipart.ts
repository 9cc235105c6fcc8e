import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket';
import { isNoKey, isNoUpload, throwS3Error } from './s3-connection';
import type { Spool } from './spool';

/** Settings for sending large objects. */
interface MultipartSettings {
  readonly partSize: number;
  readonly partsAtOnce: number;
}

/** Maximum number of parts in the protocol. */
export const MOST_PARTS = 10_000;

/**
 * Stores a spooled object in parts. It is not visible before it is complete. A failed upload is aborted at once. While an upload is in
 * progress, a note about it exists in the bucket under `notes`. A sweep finds killed uploads by these notes, even if the server does not
 * list uploads or their age.
 */
export async function putInParts(
  bucket: S3Bucket,
  notes: string,
  key: string,
  spool: Spool,
  { partSize, partsAtOnce }: MultipartSettings,
): Promise<void> {
  const { client, name: Bucket } = bucket;
  const begun = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: key })).catch(throwS3Error);
  const upload = { Bucket, Key: key, UploadId: begun.UploadId ?? '' };
  const note = `${notes}${randomUUID()}`;
  try {
    await bucket.put(note, Buffer.from(JSON.stringify({ key, uploadId: upload.UploadId })));
    const parts: CompletedPart[] = [];
    const count = Math.ceil(spool.size / partSize);
    let next = 0;
    const sendSome = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) {
        const Body = await spool.read(index * partSize, (index + 1) * partSize);
        const PartNumber = index + 1;
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
        parts[index] = { PartNumber, ...(ETag === undefined ? {} : { ETag }) };
      }
    };
    await allSettled(Array.from({ length: Math.min(partsAtOnce, count) }, sendSome));
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).then(
      () => bucket.delete(note),
      // The note is kept, so that a sweep retries.
      () => undefined,
    );
    return throwS3Error(error);
  }
  // The object exists. A superfluous note costs a sweep one request.
  await bucket.delete(note).catch(() => undefined);
}

/** Aborts abandoned uploads and returns their number. */
export async function sweepMultiparts(
  bucket: S3Bucket,
  notes: string,
  objects: string,
  beforeMs: number,
): Promise<number> {
  const abort = async (key: string, uploadId: string): Promise<number> => {
    try {
      await bucket.client.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: key, UploadId: uploadId }));
      return 1;
    } catch (error) {
      return isNoUpload(error) || isNoKey(error) ? 0 : throwS3Error(error);
    }
  };
  let swept = 0;
  const underWay = new Set<string>();
  for await (const page of bucket.list(notes)) {
    for (const { key: note, writtenMs } of page) {
      const { key, uploadId } = await readNote(bucket, note);
      if (writtenMs > beforeMs) {
        if (uploadId !== '') underWay.add(uploadId);
        continue;
      }
      if (uploadId !== '') swept += await abort(key, uploadId);
      await bucket.delete(note);
    }
  }
  // Uploads that were killed before their note was written.
  for await (const { key, uploadId, begunMs } of listUploads(bucket, objects))
    if (begunMs <= beforeMs && !underWay.has(uploadId)) swept += await abort(key, uploadId);
  return swept;
}

async function readNote(bucket: S3Bucket, note: string): Promise<{ readonly key: string; readonly uploadId: string }> {
  const found = await bucket.get(note);
  const pieces: Uint8Array[] = [];
  if (found !== null) for await (const piece of found.pieces) pieces.push(piece);
  try {
    const { key, uploadId } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>;
    if (typeof key === 'string' && typeof uploadId === 'string') return { key, uploadId };
  } catch {
    // Completed meanwhile, or created by another program: there is nothing to abort.
  }
  return { key: '', uploadId: '' };
}

interface MultipartUnderWay {
  readonly key: string;
  readonly uploadId: string;
  readonly begunMs: number;
}

async function* listUploads(bucket: S3Bucket, prefix: string): AsyncGenerator<MultipartUnderWay> {
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
  while (marker !== null) {
    const page: Awaited<ReturnType<typeof ask>> = await ask(marker);
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? [])
      if (UploadId !== '') yield { key: Key, uploadId: UploadId, begunMs: Initiated?.getTime() ?? Infinity };
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    marker =
      page.IsTruncated === true && KeyMarker !== undefined
        ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) }
        : null;
  }
  function ask(from: { KeyMarker?: string; UploadIdMarker?: string }) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: prefix, ...from });
    return bucket.client.send(command).catch(throwS3Error);
  }
}

/** Like `Promise.all`, but waits for all promises even if one rejects, so that nothing is sent after the call returned. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
