import { Injectable } from '@nestjs/common';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import { packSourceOf, SubmitRunError, type PackSource, type PackSourceFile } from '@taskrunner/core/operations';
import { ObjectStore, Uploads } from '@taskrunner/core/ports';
import { requestInvalid } from '../requests/validated';

/** Limits for a pack that is submitted as an upload: unpacked bytes, and files. */
export abstract class PackLimits {
  abstract readonly packBytes: number;
  abstract readonly packFiles: number;
}

/** Reads the files of an untrusted tar, or refuses it with `ARCHIVE_…`. */
export abstract class ArchiveReader {
  abstract read(
    tar: AsyncIterable<Uint8Array>,
    limits: { readonly maxBytes: number; readonly maxFiles: number; readonly maxFileBytes: number },
  ): Promise<readonly PackSourceFile[]>;
}

/** Packs that are uploads. */
@Injectable()
export class PackSources {
  constructor(
    private readonly uploads: Uploads,
    private readonly objects: ObjectStore,
    private readonly archives: ArchiveReader,
    private readonly limits: PackLimits,
  ) {}

  /** The pack in an uploaded archive. Throws `REQUEST_INVALID`, `UPLOAD_MISSING`, `ARCHIVE_…`, `OBJECT_…`. */
  async unpack(tenant: TenantId, digest: Digest): Promise<PackSource> {
    if (!(await this.uploads.find(tenant, [digest])).has(digest))
      throw new SubmitRunError(
        'UPLOAD_MISSING',
        'the uploaded pack does not exist in this tenant, or it has expired',
        'Upload the pack with POST /api/uploads, and submit again.',
      );
    const { packBytes: maxBytes, packFiles: maxFiles } = this.limits;
    const limits = { maxBytes, maxFiles, maxFileBytes: maxBytes };
    const found = packSourceOf(await this.archives.read(await this.objects.open(tenant, digest), limits));
    if (found) return found.source;
    throw requestInvalid(
      '/bundle',
      'The archive contains no pack.yaml in UTF-8.',
      'Create the archive from the folder that contains pack.yaml.',
    );
  }
}
