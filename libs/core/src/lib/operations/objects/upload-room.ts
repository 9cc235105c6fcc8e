import { CodedError } from '../../foundation/coded-error';
import type { TenantId } from '../../foundation/ids';
import type { Subject } from '../../foundation/principal';
import type { CompletedUpload, UploadLimits, Uploads } from '../../ports/objects/uploads';

/** Why an upload is refused, besides the errors of the object store. */
export type UploadCode =
  /** The tenant has reached its limit for uploads. */
  'UPLOADS_FULL';

/** Bytes of the first reservation. Each further one doubles what is reserved. */
const FIRST_STEP = 64 * 1024;

/**
 * Reserves room for one upload as its bytes arrive, in a few steps. A stated size reserves nothing: a client could state a size, send
 * nothing, and keep the others of its tenant from uploading.
 */
export class UploadRoom {
  private readonly ids: string[] = [];
  private reserved = 0;

  /** `most`: bytes that the upload has at most. */
  constructor(
    private readonly uploads: Uploads,
    private readonly owner: { readonly tenant: TenantId; readonly by: Subject },
    private readonly limits: UploadLimits,
    private readonly most: number,
  ) {}

  /** Passes the content on, each piece after room for it was reserved. Throws `UPLOADS_FULL`. */
  async *admit(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let arrived = 0;
    for await (const piece of content) {
      arrived += piece.length;
      // The object store refuses what is above the limit.
      await this.holdAtLeast(Math.min(arrived, this.most));
      yield piece;
    }
    // An empty upload is recorded too.
    if (this.ids.length === 0 && !(await this.reserve(0))) throw this.full();
  }

  /** Registers the stored upload in place of the reservations. */
  async complete(upload: Omit<CompletedUpload, 'id'>): Promise<{ readonly expiresAt: number }> {
    const { tenant, by } = this.owner;
    const [id, ...others] = this.ids;
    if (id === undefined) throw new TypeError('an upload was stored without a reservation');
    const completed = await this.uploads.complete(tenant, by, { id, ...upload });
    await this.drop(others);
    return completed;
  }

  /** Releases the reservations. If this fails, they expire after an hour. */
  async drop(ids: readonly string[] = this.ids): Promise<void> {
    for (const id of ids) await this.uploads.drop(this.owner.tenant, id).catch(() => undefined);
  }

  private async holdAtLeast(bytes: number): Promise<void> {
    if (bytes <= this.reserved) return;
    const { reserved, most } = this;
    for (const step of [Math.max(reserved, FIRST_STEP), FIRST_STEP])
      if (await this.reserve(Math.min(most, Math.max(bytes, reserved + step)) - reserved)) return;
    throw this.full();
  }

  private async reserve(bytes: number): Promise<boolean> {
    const { tenant, by } = this.owner;
    const id = await this.uploads.reserve(tenant, by, bytes, this.limits);
    if (id === null) return false;
    this.ids.push(id);
    this.reserved += bytes;
    return true;
  }

  private full(): CodedError<UploadCode> {
    return new CodedError<UploadCode>(
      'UPLOADS_FULL',
      `the uploads of a tenant must not exceed ${this.limits.tenantBytes} bytes in total`,
      'Wait until earlier uploads expire, or ask the operator to raise artifacts.uploads.tenantBytes.',
    );
  }
}
