import { CodedError } from '../../foundation/coded-error';
import type { Digest } from '../../foundation/ids';
import type { Principal } from '../../foundation/principal';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { UploadLimits, Uploads } from '../../ports/objects/uploads';

/** Why an upload is refused, besides the errors of the object store. */
export type UploadCode =
  /** The tenant has reached its limit for uploads. */
  'UPLOADS_FULL';

/** What a caller refers to. */
interface StoredUpload {
  readonly digest: Digest;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Accepts bytes from a caller for file inputs and packs of runs that are submitted later. */
export class StoreUpload {
  constructor(
    private readonly dependencies: {
      readonly uploads: Uploads;
      readonly objects: ObjectStore;
      readonly limits: UploadLimits;
    },
  ) {}

  /**
   * Stores the content. `announced` is its size if the caller states it. Throws `OBJECT_TOO_LARGE`, `UPLOADS_FULL`, and the errors of the
   * object store and the content. After an error nothing is registered.
   */
  async store(
    { tenant, iss, sub }: Principal,
    content: AsyncIterable<Uint8Array>,
    announced: number | null,
  ): Promise<StoredUpload> {
    const { uploads, objects, limits } = this.dependencies;
    const { maxBytes, keep } = limits;
    if (announced !== null && announced > maxBytes)
      throw new CodedError(
        'OBJECT_TOO_LARGE',
        `an upload must not exceed ${maxBytes} bytes`,
        'Send less data, or use several uploads.',
      );
    const by = { iss, sub };
    const id = await uploads.reserve(tenant, by, announced ?? maxBytes, limits);
    if (id === null)
      throw new CodedError<UploadCode>(
        'UPLOADS_FULL',
        `the uploads of a tenant must not exceed ${limits.tenantBytes} bytes in total`,
        'Wait until earlier uploads expire, or send the size of the upload in Content-Length.',
      );
    try {
      const { digest, size } = await objects.put(tenant, content, { maxBytes: announced ?? maxBytes });
      const { expiresAt } = await uploads.complete(tenant, by, { id, digest, size, keepMs: keep });
      return { digest, size, expiresAt };
    } catch (error) {
      // If this fails too, the reserved room is released after an hour.
      await uploads.drop(tenant, id).catch(() => undefined);
      throw error;
    }
  }
}
