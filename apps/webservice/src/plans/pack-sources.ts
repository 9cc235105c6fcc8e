import { Inject, Injectable } from '@nestjs/common';
import {
  ObjectStore,
  packSourceOf,
  SubmitRunError,
  Uploads,
  type Digest,
  type PackSource,
  type PackSourceFile,
  type TenantId,
} from '@taskrunner/core';
import { ApiError } from '../problems/problem';
import { fault } from '../requests/validated';
import { toSource, type PackBody } from './pack-body';

/** The most that a pack may hold that is submitted as an upload: a token for dependency injection. */
export const PACK_LIMITS = Symbol('pack limits');
/** Unpacked bytes, and files. */
export interface PackLimits {
  readonly packBytes: number;
  readonly packFiles: number;
}

/** Reads the files of a tar from anybody, or refuses it with `ARCHIVE_…`. */
export abstract class ArchiveReader {
  abstract read(
    tar: AsyncIterable<Uint8Array>,
    limits: { readonly maxBytes: number; readonly maxFiles: number; readonly maxFileBytes: number },
  ): Promise<readonly PackSourceFile[]>;
}

/** Where the pack of a request comes from. */
@Injectable()
export class PackSources {
  constructor(
    private readonly uploads: Uploads,
    private readonly objects: ObjectStore,
    private readonly archives: ArchiveReader,
    @Inject(PACK_LIMITS) private readonly limits: PackLimits,
  ) {}

  /** The pack that the body holds or names. Throws `REQUEST_INVALID`, `UPLOAD_MISSING`, `ARCHIVE_…`, `OBJECT_…`. */
  async read(tenant: TenantId, body: PackBody): Promise<PackSource> {
    const { manifest, bundle, files } = body;
    if ((manifest === undefined) === (bundle === undefined))
      throw invalid('/manifest', 'Exactly one of manifest and bundle says which pack it is.');
    if (bundle === undefined) return toSource(body);
    if (files !== undefined && files.length > 0)
      throw invalid('/files', 'An uploaded pack brings its files along.', 'Leave files out.');
    return this.unpack(tenant, bundle.digest);
  }

  private async unpack(tenant: TenantId, digest: Digest): Promise<PackSource> {
    if (!(await this.uploads.find(tenant, [digest])).has(digest))
      throw new SubmitRunError(
        'UPLOAD_MISSING',
        'the pack is no upload of this tenant, or one that has expired',
        'Upload the pack with POST /api/uploads and submit again.',
      );
    const { packBytes: maxBytes, packFiles: maxFiles } = this.limits;
    const limits = { maxBytes, maxFiles, maxFileBytes: maxBytes };
    const found = packSourceOf(await this.archives.read(await this.objects.open(tenant, digest), limits));
    if (found) return found.source;
    throw invalid('/bundle', 'The archive holds no pack.yaml in UTF-8.', 'Pack the folder that holds pack.yaml.');
  }
}

function invalid(path: string, message: string, remediation?: string): ApiError {
  return new ApiError('REQUEST_INVALID', 'the request has one fault', [fault(path, message, remediation)]);
}
