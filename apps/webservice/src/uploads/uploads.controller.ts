import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { isCodedError } from '@taskrunner/core/foundation';
import { StoreUpload } from '@taskrunner/core/operations';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { liftDeadline } from '../requests/body-deadline';
import { instant } from '../runs/run-view';

@ApiTags('runs')
@Controller('api/uploads')
export class UploadsController {
  constructor(private readonly storeUpload: StoreUpload) {}

  @Post()
  @Operation({
    id: 'upload',
    summary: 'Upload a file for a later submission',
    description:
      'The body is the content of the file. `file` inputs and `bundle` of a submission refer to the upload by its digest. Only the tenant that uploaded the file can use it. Without `Content-Length`, space for the largest upload is reserved during the upload.',
    scopes: ['packs.run'],
    limit: 'submit',
    raw: 'Content of the file.',
    answers: [{ status: 201, description: 'The upload was stored.', schema: ref('Upload'), example: EXAMPLES.upload }],
    codes: [
      'BODY_UNREADABLE',
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
      contentOf(request, announced),
      announced === undefined ? null : Number(announced),
    );
    response.removeHeader('Connection');
    response.status(201).json({ digest, size, expiresAt: instant(expiresAt) });
  }
}

/** The body. The connection is kept for the response even if reading ends early. `announced`: its size as the client states it. */
async function* contentOf(request: Request, announced: string | undefined): AsyncGenerator<Uint8Array> {
  let size = 0;
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      size += piece.length;
      yield piece;
    }
  } catch (error) {
    if (isCodedError(error)) throw error;
    const whole = announced === undefined ? '' : `, fewer than the ${announced} of Content-Length`;
    throw new ApiError(
      'BODY_UNREADABLE',
      `the body is incomplete: ${size} bytes have come${whole}`,
      [],
      {},
      'Send the whole file again.',
    );
  }
}
