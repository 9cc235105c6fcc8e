import { CodedError } from '../../foundation/coded-error';
import type { Digest } from '../../foundation/ids';
import type { Principal } from '../../foundation/principal';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { UploadLimits, Uploads } from '../../ports/objects/uploads';
import { UploadRoom } from './upload-room';

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
   * Stores the content. `announced` is its size if the caller states it. What has arrived counts toward the limit of the tenant. Throws `OBJECT_TOO_LARGE`, `UPLOADS_FULL`, and the errors of the
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
    const most = announced ?? maxBytes;
    const room = new UploadRoom(uploads, { tenant, by: { iss, sub } }, limits, most);
    try {
      const { digest, size } = await objects.put(tenant, room.admit(content), { maxBytes: most });
      const { expiresAt } = await room.complete({ digest, size, keepMs: keep });
      return { digest, size, expiresAt };
    } catch (error) {
      await room.drop();
      throw error;
    }
  }
}
