import type { Upload } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';

/** Content of a file. Browsers send a `Blob`, such as a `File`, without reading it into memory; not all of them can send a stream. */
export type UploadContent = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** How a file is uploaded. */
export interface UploadOptions {
  readonly signal?: AbortSignal;
  /** Number of bytes of a stream, which is sent before it. Browsers do not send it. */
  readonly size?: number;
}

/** Uploads a file for a later submission: its digest is the value of a `file` input. */
export function upload(api: Api, content: UploadContent, options: UploadOptions = {}): Promise<Upload> {
  const { signal = null, size } = options;
  return bodyOf(
    api.POST('/api/uploads', {
      // The types of a JSON schema have binary content as a string.
      body: content as unknown as string,
      bodySerializer: () => content,
      headers: {
        'content-type': 'application/octet-stream',
        ...(size === undefined ? {} : { 'content-length': String(size) }),
      },
      // Required by `fetch` for a stream.
      ...(content instanceof ReadableStream ? { duplex: 'half' } : {}),
      signal,
    }),
  );
}
