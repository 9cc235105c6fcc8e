import { Controller, Post, Req, Res } from '@nestjs/common';
import { StoreUpload } from '@taskrunner/core/operations';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { UploadSetting } from '../configuration';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { liftDeadline } from '../requests/body-deadline';
import { instant } from '../runs/run-view';
import { arrivingPieces } from './arriving-pieces';

@ApiTags('runs')
@Controller('api/uploads')
export class UploadsController {
  constructor(
    private readonly storeUpload: StoreUpload,
    private readonly setting: UploadSetting,
  ) {}

  @Post()
  @Operation({
    id: 'upload',
    summary: 'Upload a file for a later submission',
    description:
      'The body is the content of the file. `file` inputs and `bundle` of a submission refer to the upload by its digest. Only the tenant that uploaded the file can use it. What has arrived counts toward the quota of the tenant (`artifacts.uploads.tenantBytes`). An upload from which nothing arrives for `artifacts.uploads.idle` (30 s), or that takes longer than `artifacts.uploads.timeout` (1 h), is refused with 408 `BODY_TIMEOUT`.',
    scopes: ['packs.run'],
    limit: 'submit',
    raw: 'Content of the file.',
    answers: [{ status: 201, description: 'The upload was stored.', schema: ref('Upload'), example: EXAMPLES.upload }],
    codes: [
      'BODY_UNREADABLE',
      'BODY_TIMEOUT',
      'BODY_MEDIA_TYPE',
      'OBJECT_TOO_LARGE',
      'UPLOADS_FULL',
      'OBJECT_STORE_UNAVAILABLE',
      'OBJECT_STORE_REFUSED',
    ],
  })
  async upload(@Caller() { principal }: Caller, @Req() request: Request, @Res() response: Response) {
    if ((request.get('content-encoding') ?? 'identity') !== 'identity')
      throw new ApiError(
        'BODY_MEDIA_TYPE',
        'the body must not be compressed',
        [],
        {},
        'Send the bytes of the file without the header Content-Encoding. A compressed file is sent as it is.',
      );
    liftDeadline(request);
    const announced = request.get('content-length');
    // A refused client continues to send, but nobody reads it.
    response.setHeader('Connection', 'close');
    const { digest, size, expiresAt } = await this.storeUpload.store(
      principal,
      arrivingPieces(request, this.setting.idle),
      announced === undefined ? null : Number(announced),
    );
    response.removeHeader('Connection');
    response.status(201).json({ digest, size, expiresAt: instant(expiresAt) });
  }
}
